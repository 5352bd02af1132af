/** Entry of a child process: runs a seed of the demo. */
import { serveSeed } from "../pipeline/serve-seed.ts";
import { runDemo } from "./run-demo.ts";

serveSeed(runDemo);
