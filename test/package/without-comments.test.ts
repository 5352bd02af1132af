import { expect, test } from "vitest";
import { withoutComments } from "../../scripts/without-comments.ts";

test("removes comments and leaves strings, templates and annotations", () => {
  const code = [
    "// src/a.ts",
    "var a = /* @__PURE__ */ new Map(), url = 'https://a.b/*c*/';",
    "/** Documentation. */",
    "function f(x) {",
    "  // a note",
    // biome-ignore lint/suspicious/noTemplateCurlyInString: code
    "  return `// not a comment ${x /* a comment */} /* nor this */`;",
    "}",
    "class C {",
    "  /** A field. */",
    "  x = 1;",
    "}",
  ].join("\n");
  const kept = withoutComments(code);
  expect(kept).not.toMatch(/src\/a|Documentation|a note|A field/);
  expect(kept).toContain("/* @__PURE__ */ new Map(), url = 'https://a.b/*c*/'");
  const { f, C } = new Function(`${kept}; return { f, C };`)();
  expect(f(1)).toBe("// not a comment 1 /* nor this */");
  expect(new C().x).toBe(1);
});
