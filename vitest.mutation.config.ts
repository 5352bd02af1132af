import { defineConfig } from "vitest/config";
import { backends } from "./test/backends.ts";

/**
 * The tests that run for each mutant, on the backends that `scripts/mutation` names. Fuzz tests are
 * slow, and other tests must find a mutant without them.
 */
export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: backends
      .filter(({ name }) => process.env.MUTATION_BACKENDS?.split(",").includes(name))
      .map((backend) => ({
        extends: true as const,
        test: {
          name: backend.name,
          include: [
            "test/{cam,distill,information,internal,layers,ops,teacher}/**/*.test.ts",
            "test/*.test.ts",
          ],
          setupFiles: ["test/start-backend.ts"],
          provide: { backend },
          tags: [{ name: "broad" }, { name: "float16" }],
          isolate: false, // one worker for all mutants, so that TensorFlow.js is loaded once
        },
      })),
  },
});
