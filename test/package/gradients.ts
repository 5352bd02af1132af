/** A program that compares gradients with finite differences, with `tfjs-core` and cpu alone. */
export const gradientsProgram = `
  import * as tf from "@tensorflow/tfjs-core";
  import "@tensorflow/tfjs-backend-cpu";
  import * as kd from "kd-cmi";

  const random = (shape, seed) => tf.randomNormal(shape, 0, 1, "float32", seed);
  const labels = tf.tensor1d([0, 1, 1], "int32");
  const centroids = tf.tensor2d([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.3, 0.3, 0.4]]);
  const [rows, maps] = [random([3, 3], 1), random([2, 3, 2, 2], 1)];
  const [teacher, teacherMaps] = [random([3, 3], 2), random([2, 3, 2, 2], 2)];
  const otherMaps = random([2, 3, 2, 2], 11);
  const bank = {
    teacher: random([4, 3], 3),
    student: random([4, 3], 4),
    normalizer: { teacher: tf.scalar(6), student: tf.scalar(10) },
  };
  const indices = tf.tensor2d([[0, 1], [1, 3], [2, 0]], [3, 2], "int32");
  const scale = random([2], 5);
  const outputs = (logits, head) => ({ logits, heads: [head] });
  const [logits, head] = [random([4, 2], 6), random([4, 8], 7)];
  const target = outputs(random([4, 2], 8), random([4, 8], 9));

  // Each differentiable function of one argument, and the point at which its gradient is checked.
  const cases = [
    ["activationBoundaryLoss", (x) => kd.activationBoundaryLoss(teacherMaps, x), maps],
    ["attentionTransferLoss", (x) => kd.attentionTransferLoss(teacherMaps, x), maps],
    ["binaryKdLoss", (x) => kd.binaryKdLoss(teacher, x), rows],
    ["channelWiseLoss", (x) => kd.channelWiseLoss(teacherMaps, x), maps],
    ["classCentroids", (x) => kd.classCentroids(labels, x), rows],
    ["cmicLoss", (x) => kd.cmicLoss(labels, x, centroids, { lambda: 0.5, beta: 0.2 }), rows],
    ["conditionalMutualInformation", (x) => kd.conditionalMutualInformation(labels, x), rows],
    [
      "conditionalMutualInformation, per sample",
      (x) => kd.conditionalMutualInformation(labels, x, { reduction: tf.Reduction.NONE }),
      rows,
    ],
    ["correlationLoss", (x) => kd.correlationLoss(teacher, x), rows],
    ["crdLoss, student", (x) => kd.crdLoss(teacher, x, bank, indices, { temperature: 1 }), rows],
    ["crdLoss, teacher", (x) => kd.crdLoss(x, teacher, bank, indices, { temperature: 1 }), rows],
    ["distLoss", (x) => kd.distLoss(teacher, x), rows],
    ["dkdLoss", (x) => kd.dkdLoss(labels, teacher, x), rows],
    ["factorTransferLoss", (x) => kd.factorTransferLoss(teacherMaps, x), maps],
    ["fspLoss, first map", (x) => kd.fspLoss([teacherMaps, maps], [x, otherMaps]), maps],
    ["fspLoss, second map", (x) => kd.fspLoss([teacherMaps, maps], [otherMaps, x]), maps],
    ["hierarchicalContextLoss", (x) => kd.hierarchicalContextLoss(teacherMaps, x), maps],
    ["hintLoss", (x) => kd.hintLoss(teacherMaps, x), maps],
    ["hsakdLoss, logits", (x) => kd.hsakdLoss(target, outputs(x, head)), logits],
    ["hsakdLoss, head", (x) => kd.hsakdLoss(target, outputs(logits, x)), head],
    ["inBatchCrdLoss, student", (x) => kd.inBatchCrdLoss(teacher, x, { temperature: 1 }), rows],
    ["inBatchCrdLoss, teacher", (x) => kd.inBatchCrdLoss(x, teacher, { temperature: 1 }), rows],
    ["kdLoss", (x) => kd.kdLoss(teacher, x), rows],
    ["l2Normalize", (x) => kd.l2Normalize(x), rows],
    ["mcmiLoss", (x) => kd.mcmiLoss(labels, x, centroids, { lambda: 0.2 }), rows],
    ["nstLoss", (x) => kd.nstLoss(teacherMaps, x), maps],
    ["overhaulLoss", (x) => kd.overhaulLoss(teacherMaps, x, tf.tensor1d([-0.5, -0.2])), maps],
    ["pktLoss", (x) => kd.pktLoss(teacher, x), rows],
    ["rkdLoss", (x) => kd.rkdLoss(teacher, x), rows],
    ["similarityLoss", (x) => kd.similarityLoss(teacherMaps, x), maps],
    ["standardizeLogits", (x) => kd.standardizeLogits(x), rows],
    ["vidLoss, means", (x) => kd.vidLoss(teacherMaps, x, scale), maps],
    ["vidLoss, scale", (x) => kd.vidLoss(teacherMaps, maps, x), scale],
  ];

  // Relative errors against central differences of ⟨dy, f⟩ along a direction.
  const errors = cases.map(([name, f, x]) => {
    const value = f(x);
    const dy = tf.reshape(tf.range(1, value.size + 1), value.shape);
    const step = tf.mul(random(x.shape, 10), 0.01);
    const along = (z) => tf.sum(tf.mul(f(z), dy)).dataSync()[0];
    const difference = (along(tf.add(x, step)) - along(tf.sub(x, step))) / 2;
    const slope = tf.sum(tf.mul(tf.grad(f)(x, dy), step)).dataSync()[0];
    return [name, Math.abs(difference - slope) / Math.abs(slope)];
  });
  const weights = tf.variable(rows);
  tf.train.adam(0.1).minimize(() => kd.kdLoss(teacher, weights), false, [weights]);
  const moved = tf.max(tf.abs(tf.sub(weights, rows))).dataSync()[0];
  const registered = ["Sum", "Mul", "Softmax"].filter((name) => tf.getGradient(name));
  const exported = Object.keys(kd);
  console.log(JSON.stringify({ errors, exported, moved, registered }));
`;

/** The public functions and classes without a gradient. */
export const WITHOUT_GRADIENT = [
  "CamClusterEstimator",
  "CmiEstimator",
  "ContrastMemory", // its loss is crdLoss
  "camClusterScore",
  "checkContrastIndices",
  "checkLabels",
  "classActivationMap",
  "clusterEigenCam",
  "contrastNormalizer",
  "contrastQueueIndices",
  "createContrastBank",
  "createContrastQueue",
  "eigenCam",
  "gradCam",
  "jointLabels",
  "normalizeCam",
  "overhaulMargin", // of a batch normalisation that is not trained
  "overlayCam",
  "rotateBatch",
  "sampleContrastIndices",
  "updateCentroids",
  "updateContrastBank",
  "updateContrastQueue",
];
