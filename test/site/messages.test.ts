import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { root } from "../package/support.ts";
import { handwrittenPages } from "./support.ts";

/** The messages of all errors in src, with an ellipsis for each value. */
function errorMessages(): string[] {
  const source = join(root, "src");
  const files = readdirSync(source, { recursive: true, encoding: "utf8" }).filter(
    (file) => file.endsWith(".ts") && !file.includes(".generated.") && !/wasm.module/.test(file),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(source, file), "utf8");
    const tree = ts.createSourceFile(file, text, ts.ScriptTarget.ES2022, true);
    const messages: string[] = [];
    const visit = (node: ts.Node) => {
      if (ts.isNewExpression(node) && /Error$/.test(node.expression.getText())) {
        messages.push(textOf(node.arguments![0]!));
      }
      ts.forEachChild(node, visit);
    };
    visit(tree);
    return messages;
  });
}

function textOf(node: ts.Expression): string {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node)) {
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
  }
  if (ts.isBinaryExpression(node)) return textOf(node.left) + textOf(node.right);
  return "…";
}

test("the guide explains every error message", () => {
  const page = handwrittenPages().get("guide/troubleshooting")!;
  const phrases = [...page.matchAll(/^\| `(.+?)` \|/gm)].map(([, phrase]) => phrase!);
  const patterns = phrases.map(
    (phrase) =>
      new RegExp(
        phrase
          .split("…")
          .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
          .join(".*"),
        "s",
      ),
  );
  const messages = errorMessages();
  expect(messages.length).toBeGreaterThan(100);
  expect(messages.filter((message) => !patterns.some((p) => p.test(message)))).toEqual([]);
  const unused = phrases.filter((_, i) => !messages.some((message) => patterns[i]!.test(message)));
  expect(unused.filter((phrase) => !phrase.includes("an object with only"))).toEqual([]);
});
