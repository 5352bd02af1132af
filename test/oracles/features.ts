import { kd } from "./logits.ts";
import {
  absoluteDifference,
  atLeast,
  div,
  dot,
  log,
  logSumExp,
  mean,
  type Num,
  norm,
  num,
  power,
  scale,
  shift,
  square,
  squaredDifference,
  sub,
  sum,
} from "./tape.ts";
import { ofSquares, plain, type Result, sumOfResults, sumOfTerms, withSize } from "./terms.ts";

/** [N][H][W][C] */
export type Maps = readonly (readonly (readonly (readonly Num[])[])[])[];
type Layers<T> = readonly T[];

const sumOverLayers = (
  teacher: Layers<Maps>,
  student: Layers<Maps>,
  loss: (teacher: Maps, student: Maps) => Num,
): Num => sum(teacher.map((maps, l) => loss(maps, student[l]!)));

/** PyTorch's adaptive_avg_pool2d: [N][H][W][C] → [N][height][width][C]. */
function pool(maps: Maps, [height, width]: readonly [number, number]): Num[][][][] {
  const window = (i: number, inputs: number, outputs: number): [number, number] => [
    Math.floor((i * inputs) / outputs),
    Math.ceil(((i + 1) * inputs) / outputs),
  ];
  return maps.map((map) =>
    Array.from({ length: height }, (_, h) =>
      Array.from({ length: width }, (_, w) =>
        map[0]![0]!.map((_, c) =>
          mean(
            map
              .slice(...window(h, map.length, height))
              .flatMap((row) => row.slice(...window(w, row.length, width)).map((x) => x[c]!)),
          ),
        ),
      ),
    ),
  );
}

const commonSize = (a: Maps, b: Maps) =>
  [Math.min(a[0]!.length, b[0]!.length), Math.min(a[0]![0]!.length, b[0]![0]!.length)] as const;

/** Maps of a sample as a list of positions [H·W][C]. */
const positions = (map: Maps[number]) => map.flat();

/** x / max(‖x‖, 1e-12) */
function normalize(xs: readonly Num[]): Num[] {
  const length = atLeast(norm(xs), 1e-12);
  return xs.map((x) => div(x, length));
}

/** The mean over the entries of the attention maps of a distance of two entries. */
const attentionDistance =
  (p: number, distance: (student: Num, teacher: Num) => Num) => (teacher: Maps, student: Maps) => {
    const size = commonSize(teacher, student);
    const [t, s] = [teacher, student].map((maps) =>
      pool(maps, size).map((map) =>
        normalize(positions(map).map((x) => mean(x.map((value) => power(value, p))))),
      ),
    ) as [Num[][], Num[][]];
    return mean(t.flatMap((row, i) => row.map((x, j) => distance(s[i]![j]!, x))));
  };

export const attentionTransfer = (
  teacher: Layers<Maps>,
  student: Layers<Maps>,
  p: number,
): Result[] => [
  ofSquares(
    sumOverLayers(
      teacher,
      student,
      attentionDistance(p, (a, b) => squaredDifference(sub(a, b))),
    ),
    teacher.length,
  ),
];

export const factorTransfer = (teacher: Layers<Maps>, student: Layers<Maps>): Result[] => [
  withSize(
    plain(sumOverLayers(teacher, student, attentionDistance(2, absoluteDifference))),
    teacher.length,
  ),
];

/** The mean squared difference of all entries, summed over layers. */
export const hint = (teacher: Layers<Num[]>, student: Layers<Num[]>): Result[] => [
  plain(sum(teacher.map((layer, l) => mean(layer.map((t, j) => square(sub(student[l]![j]!, t))))))),
];

/** 3/(1000 N) Σ_ℓ 2^(ℓ−L+1) Σ_j max(0, μ − σ_j s_j)² */
export const activationBoundary = (
  teacher: Layers<Num[]>,
  student: Layers<Num[]>,
  batch: number,
  margin: number,
): Result[] => {
  const layers = teacher.map((layer, l) => {
    const violations = layer.map((t, j) => {
      const side = Number.isNaN(t.value) ? Number.NaN : t.value > 0 ? 1 : -1;
      return square(atLeast(shift(scale(student[l]![j]!, -side), margin), 0));
    });
    return scale(sum(violations), 2 ** (l - teacher.length + 1));
  });
  return [plain(scale(sum(layers), 3 / (1000 * batch)))];
};

/** Three means of ⟨a, b⟩² over pairs of unit channels, averaged over samples and summed over layers. */
export function neuronSelectivity(teacher: Layers<Maps>, student: Layers<Maps>): Result[] {
  const terms = teacher.flatMap((maps, l) => {
    const size = commonSize(maps, student[l]!);
    const [t, s] = [maps, student[l]!].map((x) =>
      pool(x, size).map((map) => {
        const rows = positions(map);
        return rows[0]!.map((_, c) => normalize(rows.map((row) => row[c]!)));
      }),
    ) as [Num[][][], Num[][][]];
    const kernelMean = (a: Num[][], b: Num[][]) =>
      mean(a.flatMap((x) => b.map((y) => square(dot(x, y)))));
    return t.flatMap((v, i) => {
      const u = s[i]!;
      const parts = [kernelMean(v, v), kernelMean(u, u), scale(kernelMean(u, v), -2)];
      return parts.map((part) => scale(part, 1 / t.length));
    });
  });
  return [sumOfTerms(terms)];
}

/** The mean squared difference of the flow matrices, summed over consecutive layers. */
export function solutionFlow(teacher: Layers<Maps>, student: Layers<Maps>): Result[] {
  const flows = (lower: Maps, upper: Maps) => {
    const size = commonSize(lower, upper);
    const [a, b] = [lower, upper].map((maps) => pool(maps, size).map(positions)) as [
      Num[][][],
      Num[][][],
    ];
    return a.map((rows, n) =>
      rows[0]!.flatMap((_, c) =>
        b[n]![0]!.map((_, d) =>
          scale(
            dot(
              rows.map((row) => row[c]!),
              b[n]!.map((row) => row[d]!),
            ),
            1 / rows.length,
          ),
        ),
      ),
    );
  };
  const losses = teacher.slice(1).map((upper, l) => {
    const t = flows(teacher[l]!, upper).flat();
    const s = flows(student[l]!, student[l + 1]!).flat();
    return mean(t.map((x, j) => square(sub(s[j]!, x))));
  });
  return [plain(sum(losses))];
}

/** Mean squared errors of the maps and of their pooled versions, with weights 1, 1/2, … over their sum. */
export const hierarchicalContext = (teacher: Layers<Maps>, student: Layers<Maps>): Result[] => [
  plain(
    sumOverLayers(teacher, student, (t, s) => {
      const [height, width] = commonSize(t, s);
      const levels = [4, 2, 1].filter((level) => level < Math.max(height, width));
      const sizes = [
        [height, width] as const,
        ...levels.map((level) => [Math.min(level, height), Math.min(level, width)] as const),
      ];
      const total = sizes.reduce((sum, _, k) => sum + 2 ** -k, 0);
      return sum(
        sizes.map((size, k) => {
          const [a, b] = [t, s].map((maps) => pool(maps, size).flat(3)) as [Num[], Num[]];
          return scale(mean(a.map((x, j) => square(sub(b[j]!, x)))), 2 ** -k / total);
        }),
      );
    }),
  ),
];

/** The mean of ½ [(μ − t)²/σ² + log σ²], σ² = log(1 + exp α) + ε of the entry's channel. */
export function variationalInformation(
  teacher: readonly Num[],
  means: readonly Num[],
  logScale: readonly Num[],
  epsilon: number,
): Result[] {
  const variances = logScale.map((alpha) => {
    return shift(logSumExp([num(0), alpha]), epsilon);
  });
  const terms = means.flatMap((mu, j) => {
    const variance = variances[j % logScale.length]!;
    return [div(square(sub(mu, teacher[j]!)), variance), log(variance)];
  });
  return [sumOfTerms(terms, 1 / (2 * means.length))];
}

/** T²/(N C) Σ KL of the softmax over the positions of each channel, summed over layers. */
export const channelWise = (
  teacher: Layers<Maps>,
  student: Layers<Maps>,
  temperature: number,
): Result[] => {
  const losses = teacher.map((maps, l) => {
    const channels = maps[0]![0]![0]!.length;
    const rows = (x: Maps) =>
      x.flatMap((map) =>
        Array.from({ length: channels }, (_, c) => positions(map).map((row) => row[c]!)),
      );
    const divergences = kd(rows(maps), rows(student[l]!), temperature);
    return sumOfResults(divergences, 1 / divergences.length);
  });
  return [sumOfResults(losses)];
};

/** 1/N Σ_ℓ 2^(ℓ−L+1) Σ_j [s > max(t, m) or t > 0] (s − max(t, m))² */
export const overhaul = (
  teacher: Layers<Maps>,
  student: Layers<Maps>,
  margins: Layers<readonly Num[]>,
): Result[] => {
  const losses = teacher.map((maps, l) => {
    const own = student[l]!;
    const target = pool(maps, [own[0]!.length, own[0]![0]!.length]).flat(3);
    const terms = own.flat(3).map((x, j) => {
      const [y, m] = [target[j]!, margins[l]![j % margins[l]!.length]!];
      const bound = Number.isNaN(y.value + m.value) ? sum([y, m]) : y.value > m.value ? y : m;
      const isActive = !(x.value <= bound.value && y.value <= 0);
      return isActive ? square(sub(x, bound)) : num(0);
    });
    return scale(sum(terms), 2 ** (l - teacher.length + 1) / maps.length);
  });
  return [plain(sum(losses))];
};
