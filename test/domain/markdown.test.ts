import assert from 'node:assert/strict';
import { escaped, fact, fenced, jsonToPaste, workflowLink } from '../../src/domain/markdown.ts';
import { plainText } from '../../src/pages/plain-text.ts';

describe('Markdown of the web UI', () => {
  it('shows what people wrote as they wrote it, and runs none of it', () => {
    const wrote = '<img src=x onerror=alert(1)> **bold** `code` [link](http://elsewhere) a|b & c';
    const shown = escaped(wrote);
    assert.doesNotMatch(shown, /[<>[\]*`|]/);
    assert.equal(plainText(shown), wrote);
  });

  it('keeps a block closed whatever stands in it', () => {
    assert.equal(fenced('a\n```\n<b>'), "```\na\n'''\n<b>\n```");
  });

  it('indents JSON by two spaces', () => {
    assert.equal(jsonToPaste({ by: 'ana', step: 4 }), '```json\n{\n  "by": "ana",\n  "step": 4\n}\n```');
  });

  it('reads as plain text in a terminal', () => {
    const link = workflowLink('promotion', 'promotion/flight-delay');
    assert.equal(link, '[promotion](/namespaces/{namespace}/workflows/promotion%2Fflight-delay)');
    assert.equal(plainText(fact('See also', link)), 'See also promotion');
    const words = [
      fact('Model', 'of shop'),
      fact('Now', 'in `shadow`'),
      fact('Waits for', 'labels'),
      fenced('a  b'),
      fact('Unmet', ''),
      fenced('labels'),
    ];
    assert.equal(
      plainText(words.join('\n')),
      ['Model of shop', 'Now        in shadow', 'Waits for  labels', 'a  b', 'Unmet', 'labels'].join('\n'),
    );
    const narrow = plainText(
      [...words, fact('Last', 'one two three'), fenced('as it  is, however wide')].join('\n'),
      12,
    );
    assert.match(narrow, /^Waits for  labels$/m);
    assert.match(narrow, /^Last one two\nthree\nas it {2}is, however wide$/m);
  });
});
