import { expect, inject, test } from "vitest";
import { kdLoss } from "../src/index.ts";
import { expectClose, logitsOf, reference, valueAndGrad } from "./support.ts";

const { host, backend } = inject("backend");

test.runIf(host === "chromium")(
  "a Web Worker computes the loss and gradient of the page",
  async () => {
    const [teacher, student] = [logitsOf(4, 3, 1), logitsOf(4, 3, 2)];
    const { value, grad } = valueAndGrad((z) => kdLoss(teacher, z), student);
    const worker = new Worker(new URL("./web-worker.ts", import.meta.url), { type: "module" });
    const answer = new Promise<{ backend: string; loss: number; slope: number[][] }>(
      (resolve, reject) => {
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.onmessage = async ({ data }) => {
          if (data !== "ready") return resolve(data);
          const rows = { teacher: await teacher.array(), student: await student.array() };
          worker.postMessage({ backend, ...rows });
        };
      },
    );
    const got = await answer.finally(() => worker.terminate());
    expect(got.backend).toBe(backend);
    await expectClose(value, reference(got.loss));
    await expectClose(grad, reference(got.slope));
  },
);
