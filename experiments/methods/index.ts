import { at } from "./attention.ts";
import { ab } from "./boundary.ts";
import { crd, inBatchCrd } from "./contrast.ts";
import { ft } from "./factor.ts";
import { fsp } from "./fsp.ts";
import { hint } from "./hint.ts";
import { hsakd } from "./hsakd.ts";
import { dist, dkd, type KdOptions, kd } from "./logits.ts";
import type { Method } from "./method.ts";
import { nst } from "./nst.ts";
import { cc, pkt, rkd, sp } from "./relations.ts";
import { review } from "./review.ts";
import { vid } from "./vid.ts";

export { type KdOptions, kd } from "./logits.ts";
export type { Batch, Distillation, Method, Network, Setup } from "./method.ts";

/** Settings of `kd` where a plan has none. */
export const USUAL_KD: KdOptions = { temperature: 4, alpha: 0.9 };

/** All distillation methods of the library with their usual settings. */
export const methods = {
  kd: kd(USUAL_KD),
  // Same ratio as the authors' weights 9 and 1.
  "kd-std": kd({ temperature: 2, alpha: 0.9, standardize: true }),
  dkd,
  dist,
  hint,
  at,
  vid,
  nst,
  fsp,
  ft,
  ab,
  review,
  sp,
  cc,
  rkd,
  pkt,
  crd,
  "crd-in-batch": inBatchCrd,
  hsakd,
} satisfies Record<string, Method>;

export type MethodName = keyof typeof methods;
