import { addTo } from "../../internal/arrays.ts";

/** The sums over the maps of a class. */
interface ClassSums {
  count: number;
  /** Σ d, h·w numbers. */
  d: Float64Array;
  /** Σ H(d). */
  entropy: number;
  /** Σ exp H(d). */
  area: number;
  /** Σ of the Jensen–Shannon divergences of all pairs in a batch. */
  divergence: number;
  pairs: number;
}

/** The state of {@link CamClusterEstimator}. Only classes that have maps take memory. */
export interface ClusterSums {
  size: readonly [height: number, width: number];
  classes: Map<number, ClassSums>;
  badLabels: number;
  badMaps: number;
}

/** The sums of no maps. */
export const emptySums = (size: ClusterSums["size"]): ClusterSums => ({
  size,
  classes: new Map(),
  badLabels: 0,
  badMaps: 0,
});

/** Adds the sums of other maps. */
export function addSums(into: ClusterSums, other: ClusterSums): void {
  into.badLabels += other.badLabels;
  into.badMaps += other.badMaps;
  for (const [y, theirs] of other.classes) {
    const sums = sumsOf(into, y);
    addTo(sums.d, theirs.d);
    sums.count += theirs.count;
    sums.entropy += theirs.entropy;
    sums.area += theirs.area;
    sums.divergence += theirs.divergence;
    sums.pairs += theirs.pairs;
  }
}

function sumsOf({ classes, size: [h, w] }: ClusterSums, y: number): ClassSums {
  const known = classes.get(y);
  if (known) return known;
  const d = new Float64Array(h * w);
  const sums = { count: 0, d, entropy: 0, area: 0, divergence: 0, pairs: 0 };
  classes.set(y, sums);
  return sums;
}

/** Adds maps that were read back, row by row, and the pairs within each class. */
export function addBatch(sums: ClusterSums, indices: Int32Array, values: Float32Array): void {
  const positions = sums.size[0] * sums.size[1];
  const members = new Map<number, Distribution[]>();
  indices.forEach((label, row) => {
    const map = values.subarray(row * positions, (row + 1) * positions);
    const isGood = map.every((x) => x >= 0 && x < Number.POSITIVE_INFINITY);
    sums.badLabels += label < 0 ? 1 : 0;
    sums.badMaps += isGood ? 0 : 1;
    if (label < 0 || !isGood) return;
    const own = members.get(label) ?? [];
    own.push(distribution(map));
    members.set(label, own);
  });
  for (const [label, maps] of members) addMaps(sumsOf(sums, label), maps);
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
  return { p, entropy: entropyOf(p) };
}

const xLogX = (x: number): number => (x > 0 ? x * Math.log(x) : 0);

/** The entropy of a distribution in nats. */
const entropyOf = (p: Float64Array): number => p.reduce((h, x) => h - xLogX(x), 0);

function addMaps(sums: ClassSums, maps: readonly Distribution[]): void {
  maps.forEach((a, i) => {
    addTo(sums.d, a.p);
    sums.entropy += a.entropy;
    sums.area += Math.exp(a.entropy);
    for (const b of maps.slice(0, i)) sums.divergence += jensenShannon(a, b);
  });
  sums.count += maps.length;
  sums.pairs += (maps.length * (maps.length - 1)) / 2;
}

function jensenShannon(a: Distribution, b: Distribution): number {
  let mixture = 0;
  a.p.forEach((x, s) => {
    mixture -= xLogX((x + b.p[s]!) / 2);
  });
  return Math.max(0, mixture - (a.entropy + b.entropy) / 2); // rounding may give −1e-16
}

/** I(X;S|Y=y) = H(mean of d) − mean of H(d), and the mean map. */
export function clusterOf({ d, entropy, count }: ClassSums) {
  const mean = d.map((x) => x / count);
  const cmi = Math.max(0, entropyOf(mean) - entropy / count); // rounding may give −1e-16
  return { cmi, mean };
}
