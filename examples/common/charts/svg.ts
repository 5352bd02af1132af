import * as echarts from "echarts";

/** The same option gives the same text. */
export function svg(width: number, height: number, option: echarts.EChartsOption): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width, height });
  chart.setOption({ animation: false, backgroundColor: "#fff", ...option });
  const picture = chart.renderToSVGString();
  chart.dispose();
  return picture.replaceAll(/\bzr\d+-/g, "zr-"); // ids count the pictures of the process
}
