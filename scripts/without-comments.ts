import ts from "typescript";

/** JavaScript without its comments, apart from annotations of calls without side effects. */
export function withoutComments(code: string): string {
  const file = ts.createSourceFile("code.js", code, ts.ScriptTarget.ES2022, true);
  const comments = new Map<number, number>();
  const visit = (node: ts.Node) => {
    for (const { pos, end } of ts.getLeadingCommentRanges(code, node.pos) ?? []) {
      if (!code.slice(pos, end).includes("__PURE__")) comments.set(pos, end);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  let [kept, at] = ["", 0];
  for (const [pos, end] of [...comments].sort(([a], [b]) => a - b)) {
    kept += code.slice(at, pos).trimEnd();
    at = end;
  }
  return kept + code.slice(at);
}
