import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification, type VitestPluginContext } from "vitest/node";
import { keptThreads } from "./scripts/mutation/kept-threads.ts";
import { backends } from "./test/backends.ts";

const nearest = process.env.MUTATION_TESTS?.split(",") ?? [];

/** The place of a test file in the order of the family's tests. The first test that fails ends a run. */
const placeOf = ({ moduleId }: TestSpecification): number => {
  const place = nearest.findIndex((path) => moduleId.includes(`/test/${path}/`));
  return place < 0 ? nearest.length : place;
};

class NearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((a, b) => placeOf(a) - placeOf(b));
  }
}

/**
 * The tests that run for each mutant, on the backends that `scripts/mutation` names. Fuzz tests are
 * slow, and other tests must find a mutant without them.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: NearestFirst },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: backends
      .filter(({ name }) => process.env.MUTATION_BACKENDS?.split(",").includes(name))
      .map((backend) => ({
        extends: true as const,
        plugins: [
          {
            name: "kept-threads",
            // Stryker's own choice of a pool overrides the configuration.
            configureVitest: ({ project }: VitestPluginContext) => {
              project.config.pool = keptThreads.name;
              project.config.poolRunner = keptThreads;
            },
          },
        ],
        test: {
          name: backend.name,
          include: [
            "test/{cam,distill,information,internal,layers,ops,teacher}/**/*.test.ts",
            "test/checkpoint/file*.test.ts",
            "test/*.test.ts",
          ],
          setupFiles: ["test/start-backend.ts"],
          provide: { backend },
          tags: [{ name: "broad" }, { name: "float16" }],
          isolate: false,
        },
      })),
  },
});
