/** The scale of the dial, nats. It is logarithmic. */
const FROM = 1e-4;
const TO = 1;
const TICKS = [1e-4, 1e-3, 1e-2, 0.1, 1];

const X = 84;
const Y = 76;
const RADIUS = 56;

/** The place of a CMI on the dial: from 0 at its left end to 1 at its right one. */
export const shareOf = (cmi: number): number =>
  Math.min(1, Math.max(0, Math.log(cmi / FROM) / Math.log(TO / FROM))) || 0;

export interface Dial {
  show(cmi: number): void;
}

/** Adds a dial with a needle for the CMI to an element. */
export function addDial(parent: HTMLElement, title: string): Dial {
  const [left, right] = [at(0, RADIUS), at(1, RADIUS)];
  const ticks = TICKS.map((tick) => {
    const [x, y] = at(shareOf(tick), RADIUS + 15);
    return `<text x="${x}" y="${y + 3}">${tick}</text>`;
  });
  parent.innerHTML = `<svg viewBox="0 0 168 100" role="meter" aria-valuemin="0" aria-valuemax="${TO}" aria-valuenow="0">
<path class="arc" d="M${left} A${RADIUS} ${RADIUS} 0 0 1 ${right}"/>${ticks.join("")}
<line class="needle" x1="${X}" y1="${Y}" x2="${X - RADIUS + 4}" y2="${Y}"/><circle class="hub" cx="${X}" cy="${Y}" r="4"/>
<text class="value" x="${X}" y="${Y + 20}"></text></svg>`;
  const [svg, needle, value] = ["svg", ".needle", ".value"].map(
    (selector) => parent.querySelector<SVGElement>(selector)!,
  );
  needle!.style.transformOrigin = `${X}px ${Y}px`;
  svg!.setAttribute("aria-label", `CMI of the teacher ${title}, nats`);
  return {
    show(cmi) {
      const text = `${cmi.toPrecision(2)} nats`;
      needle!.style.transform = `rotate(${180 * shareOf(cmi)}deg)`;
      value!.textContent = `CMI ${text}`;
      svg!.setAttribute("aria-valuenow", String(cmi));
      svg!.setAttribute("aria-valuetext", text);
    },
  };
}

/** A point of the dial at a distance from its hub. */
function at(share: number, distance: number): [x: number, y: number] {
  const angle = Math.PI * (1 - share);
  const round = (value: number) => Math.round(10 * value) / 10;
  return [round(X + distance * Math.cos(angle)), round(Y - distance * Math.sin(angle))];
}
