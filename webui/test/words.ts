// SPDX-License-Identifier: Apache-2.0
// Finds words that are shown to people and stand in a program instead of in src/text.
import ts from 'typescript';

/** Attributes whose value is read by people; of elements of HTML only the first ones. */
const READ = new Set(['title', 'aria-label', 'placeholder', 'alt']);
const READ_OF_PARTS = new Set([
  ...READ,
  ...['label', 'hint', 'detail', 'eyebrow', 'confirm', 'empty', 'unit', 'legend'],
]);
/** Attributes whose value nobody reads. */
const TECHNICAL =
  /^(data-|aria-(controls|describedby|labelledby|current|live)|class$|d$|id$|href$|type$|key$|style$|for$|role$|rel$|target$|auto|inputMode$|accept$|viewBox$|method$|download$)/;
/** Members of an object that are shown. */
const READ_MEMBERS = new Set([
  'word',
  'text',
  'title',
  'label',
  'hint',
  'detail',
  'eyebrow',
  'note',
]);
/** What begins like a sentence, is more than one word, or counts something. */
const SENTENCE = /^\p{Lu}\p{Ll}+([ ,.…:?!]|$)|\p{Ll}{2,}[,.…:?!]? \p{L}{2,}|^\d+ \p{L}{2,}/u;
const LETTER = /\p{L}/u;

function literalText(node: ts.Node): string | null {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return [node.head.text, ...node.templateSpans.map((span) => span.literal.text)].join('');
  return null;
}

/** Literals that an expression may have as its value. */
function values(node: ts.Node): ts.Node[] {
  if (ts.isConditionalExpression(node))
    return [...values(node.whenTrue), ...values(node.whenFalse)];
  if (ts.isParenthesizedExpression(node) || ts.isJsxExpression(node))
    return node.expression ? values(node.expression) : [];
  if (ts.isBinaryExpression(node)) {
    const kind = node.operatorToken.kind;
    if (kind === ts.SyntaxKind.AmpersandAmpersandToken) return values(node.right);
    if (
      kind === ts.SyntaxKind.BarBarToken ||
      kind === ts.SyntaxKind.QuestionQuestionToken ||
      kind === ts.SyntaxKind.PlusToken
    )
      return [...values(node.left), ...values(node.right)];
    return [];
  }
  return literalText(node) === null ? [] : [node];
}

function isRead(attribute: ts.JsxAttribute): boolean {
  const name = attribute.name.getText();
  const part = /^[A-Z]/.test(attribute.parent.parent.tagName.getText());
  return (part ? READ_OF_PARTS : READ).has(name);
}

/** Names of things, compared or looked up, and keys of the browser. */
function isName(node: ts.Node): boolean {
  const { parent } = node;
  return (
    ts.isImportDeclaration(parent) ||
    ts.isExportDeclaration(parent) ||
    ts.isLiteralTypeNode(parent) ||
    ts.isCaseClause(parent) ||
    ts.isElementAccessExpression(parent) ||
    (ts.isCallExpression(parent) && /\.(startsWith|includes)$/.test(parent.expression.getText())) ||
    (ts.isPropertyAssignment(parent) &&
      (parent.name === node || parent.name.getText() === 'kind')) ||
    (ts.isBinaryExpression(parent) &&
      [
        ts.SyntaxKind.EqualsEqualsEqualsToken,
        ts.SyntaxKind.ExclamationEqualsEqualsToken,
        ts.SyntaxKind.InKeyword,
      ].includes(parent.operatorToken.kind))
  );
}

/** Lines "LINE: words". */
export function wordsIn(source: string, name = 'page.tsx'): string[] {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.Latest, true);
  const found = new Map<number, string>();
  const note = (node: ts.Node, text: string) => {
    const { line } = file.getLineAndCharacterOfPosition(node.getStart());
    found.set(node.getStart(), `${line + 1}: ${text.trim()}`);
  };
  const noteValues = (node: ts.Node) => {
    for (const value of values(node)) {
      const text = literalText(value) ?? '';
      if (LETTER.test(text)) note(value, text);
    }
  };
  const visit = (node: ts.Node): void => {
    if (ts.isJsxText(node)) {
      const inCode =
        ts.isJsxElement(node.parent) && node.parent.openingElement.tagName.getText() === 'code';
      if (LETTER.test(node.text) && !inCode) note(node, node.text);
      return;
    }
    if (ts.isJsxAttribute(node)) {
      if (TECHNICAL.test(node.name.getText())) return;
      if (isRead(node) && node.initializer) noteValues(node.initializer);
    }
    if (ts.isPropertyAssignment(node) && READ_MEMBERS.has(node.name.getText()))
      noteValues(node.initializer);
    if (ts.isTemplateExpression(node))
      for (const { literal } of node.templateSpans)
        if (/^[ \u00a0]\p{L}{2,}$/u.test(literal.text)) note(literal, literal.text);
    if (ts.isJsxExpression(node) && (ts.isJsxElement(node.parent) || ts.isJsxFragment(node.parent)))
      noteValues(node);
    const text = literalText(node);
    if (text !== null && SENTENCE.test(text) && !isName(node)) note(node, text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return [...found.values()];
}
