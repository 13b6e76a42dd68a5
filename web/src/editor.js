/** The editor of a cell: CodeMirror with Python, in the colours that the page's code has. Loaded at the first Edit. */

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { pythonLanguage } from "@codemirror/lang-python";
import { bracketMatching, indentOnInput, indentUnit, LanguageSupport, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightSpecialChars, keymap } from "@codemirror/view";
import { tagHighlighter, tags as t } from "@lezer/highlight";

// The classes of Pygments, which the theme colours for light and dark.
const highlighter = tagHighlighter([
  { tag: [t.keyword, t.self], class: "k" },
  { tag: [t.controlKeyword, t.moduleKeyword, t.definitionKeyword], class: "kn" },
  { tag: t.operatorKeyword, class: "ow" },
  { tag: [t.operator, t.definitionOperator, t.arithmeticOperator, t.compareOperator, t.updateOperator], class: "o" },
  { tag: [t.string, t.special(t.string)], class: "s2" },
  { tag: [t.number, t.integer, t.float], class: "mf" },
  { tag: [t.bool, t.null], class: "kc" },
  { tag: t.comment, class: "c1" },
  { tag: t.definition(t.function(t.variableName)), class: "nf" },
  { tag: t.definition(t.className), class: "nc" },
  { tag: t.meta, class: "nd" },
  { tag: [t.punctuation, t.bracket, t.paren, t.squareBracket, t.brace, t.separator], class: "p" },
  { tag: t.variableName, class: "n" },
]);

const HEADER = 80; // pixels at the top of the window that the page's bar covers, and a line

/**
 * Make an editor.
 * @typedef {{parent: HTMLElement, text: string, label: string, help: string}} Place
 * @param {Place & {run: () => void, changed: (text: string) => void}} options
 */
export function createEditor({ parent, text, label, help, run, changed }) {
  const runs = ["Shift-Enter", "Mod-Enter"].map((key) => ({ key, run: () => (run(), true) }));
  const view = new EditorView({
    parent,
    state: EditorState.create({
      doc: text,
      extensions: [
        keymap.of([...runs, indentWithTab, ...historyKeymap, ...defaultKeymap]),
        history(),
        highlightSpecialChars(),
        new LanguageSupport(pythonLanguage),
        indentUnit.of("    "),
        EditorState.tabSize.of(4),
        indentOnInput(),
        bracketMatching(),
        syntaxHighlighting(highlighter),
        EditorView.contentAttributes.of({ "aria-label": label, "aria-describedby": help }),
        EditorView.contentAttributes.of({ autocapitalize: "off", autocorrect: "off" }),
        EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
      ],
    }),
  });
  return {
    /** Bring the keyboard here, and the cursor into sight if it is not: the page stays where it is. */
    focus() {
      const at = view.coordsAtPos(view.state.selection.main.head);
      if (!at || at.top < HEADER || at.bottom > innerHeight) {
        const line = view.lineBlockAtHeight(Math.max(0, HEADER - view.documentTop));
        view.dispatch({ selection: { anchor: line.from } });
      }
      view.focus();
    },
    set: (content) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: content } }),
    remove: () => view.destroy(),
  };
}
