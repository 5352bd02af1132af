import * as echarts from "echarts";

/** Draws an echarts option as SVG. The same option gives the same text. */
export function svg(width: number, height: number, option: echarts.EChartsOption): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: "#fff", ...option });
  const picture = chart.renderToSVGString();
  chart.dispose();
  return withoutInteraction(picture);
}

/** Removes interactive parts, whose numbers depend on the pictures drawn before. */
const withoutInteraction = (picture: string): string =>
  picture
    .replace(/<style[^>]*>.*?<\/style>\s*/s, "")
    .replaceAll(/ (class="zr\d+-cls-\d+"|ecmeta_\w+="\w+")/g, "")
    .replaceAll(/\bzr\d+-/g, "zr-");
