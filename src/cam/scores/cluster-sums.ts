import {
  addSums as addCmiSums,
  addBatch as addLogits,
  type CmiEstimatorJson,
  emptySums as emptyCmiSums,
} from "../../information/cmi-sums.ts";
import { addTo, increase, zeros } from "../../internal/arrays.ts";
import { TINY } from "../../ops/safe-log.ts";

/** The state of {@link CamClusterEstimator}: sums per class. */
export interface ClusterSums {
  size: readonly [height: number, width: number];
  /** The sums of log d as logits. */
  cmi: CmiEstimatorJson;
  /** Σ exp H. */
  areas: number[];
  /** Σ of the Jensen–Shannon divergences of all pairs in a batch. */
  divergences: number[];
  pairs: number[];
  badLabels: number;
  badMaps: number;
}

/** The sums of no maps. */
export function emptySums(size: ClusterSums["size"], numClasses: number): ClusterSums {
  // CMI sums have as many classes as logits, so some of the larger number are unused.
  const cmi = emptyCmiSums(Math.max(size[0] * size[1], numClasses));
  const [areas, divergences, pairs] = [zeros(numClasses), zeros(numClasses), zeros(numClasses)];
  return { size, cmi, areas, divergences, pairs, badLabels: 0, badMaps: 0 };
}

/** Adds the sums of other maps. */
export function addSums(into: ClusterSums, other: ClusterSums): void {
  addTo(into.areas, other.areas);
  addTo(into.divergences, other.divergences);
  addTo(into.pairs, other.pairs);
  into.badLabels += other.badLabels;
  into.badMaps += other.badMaps;
  addCmiSums(into.cmi, other.cmi);
}

/** Adds maps that were read back, row by row, and the pairs within each class. */
export function addBatch(sums: ClusterSums, indices: Int32Array, values: Float32Array): void {
  const positions = sums.size[0] * sums.size[1];
  const rows = [...indices].map((label, row) => {
    const map = values.subarray(row * positions, (row + 1) * positions);
    const isGood = map.every((x) => x >= 0 && x < Number.POSITIVE_INFINITY);
    sums.badLabels += label < 0 ? 1 : 0;
    sums.badMaps += isGood ? 0 : 1;
    return { label, map, isGood };
  });
  const good = rows.filter(({ label, isGood }) => label >= 0 && isGood);
  if (good.length === 0) return;
  const members = sums.areas.map((_, y) =>
    good.filter(({ label }) => label === y).map(({ map }) => distribution(map)),
  );
  members.forEach((maps, label) => {
    addPairs(sums, label, maps);
  });
  const labels = members.flatMap((maps, label) => maps.map(() => label));
  addLogits(sums.cmi, Int32Array.from(labels), toLogits(sums, members.flat()));
}

/** A map divided by its sum, and its entropy in nats. */
interface Distribution {
  p: Float64Array;
  entropy: number;
}

function distribution(map: Float32Array): Distribution {
  const values = Float64Array.from(map);
  const total = values.reduce((a, b) => a + b, 0);
  const p = values.map((x) => (total > 0 ? x / total : 1 / values.length));
  return { p, entropy: p.reduce((h, x) => h - xLogX(x), 0) };
}

const xLogX = (x: number): number => (x > 0 ? x * Math.log(x) : 0);

function addPairs(sums: ClusterSums, label: number, maps: Distribution[]): void {
  maps.forEach((a, i) => {
    increase(sums.areas, label, Math.exp(a.entropy));
    for (const b of maps.slice(0, i)) increase(sums.divergences, label, jensenShannon(a, b));
  });
  increase(sums.pairs, label, (maps.length * (maps.length - 1)) / 2);
}

function jensenShannon(a: Distribution, b: Distribution): number {
  let mixture = 0;
  a.p.forEach((x, s) => {
    mixture -= xLogX((x + b.p[s]!) / 2);
  });
  return Math.max(0, mixture - (a.entropy + b.entropy) / 2); // rounding may give −1e-16
}

/** Log-probabilities as logits. Those of zero probabilities and unused columns are log 1e-37. */
function toLogits({ size: [h, w], areas }: ClusterSums, maps: Distribution[]): Float32Array {
  const columns = Math.max(h * w, areas.length);
  const logits = new Float32Array(maps.length * columns).fill(Math.log(TINY));
  maps.forEach(({ p }, row) => {
    logits.set(
      p.map((x) => Math.log(Math.max(x, TINY))),
      row * columns,
    );
  });
  return logits;
}
