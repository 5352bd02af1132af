/** Entry of a child process: runs all plans of a seed. */
import { serveSeed } from "./pipeline/serve-seed.ts";
import { runExperiment } from "./run-experiment.ts";

serveSeed(runExperiment);
