/** Entry of a child process: trains the teachers of a seed and maps the test images with them. */
import { serveSeed } from "../pipeline/serve-seed.ts";
import { runCam } from "./run-cam.ts";

serveSeed(runCam);
