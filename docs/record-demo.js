// Records the live demo in a tmux terminal and draws it as an SVG that plays: node docs/record-demo.js > docs/demo.svg
import { execFileSync } from 'node:child_process';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const COLUMNS = 104;
const ROWS = 23;
const FRAME_MS = 500;
const FRAMES = 34;
/** Frame by frame: kill the first node, start another, freeze the second, thaw it. */
const KEYS = { 5: 'k', 13: 's', 18: '2', 19: 'f', 28: 't' };

const CHARACTER = 8.4;
const LINE = 18;
const MARGIN = 14;
const WIDTH = Math.round(COLUMNS * CHARACTER + 2 * MARGIN);
const HEIGHT = ROWS * LINE + 2 * MARGIN;
const COLORS = { 31: '#ff7b72', 32: '#56d364', 33: '#e3b341', 36: '#56d4dd' };

const frames = await record();
process.stdout.write(draw(frames));

async function record() {
  tmux('new-session', '-d', '-x', String(COLUMNS), '-y', String(ROWS), 'npm start -- --rps 80 2>/dev/null');
  try {
    while (!capture().includes('last failovers')) await sleep(100);
    const captured = [];
    for (let index = 0; index < FRAMES; index++) {
      if (KEYS[index] !== undefined) tmux('send-keys', '-t', 'demo', KEYS[index]);
      await sleep(FRAME_MS);
      captured.push(capture());
    }
    return captured;
  } finally {
    // The end of the terminal ends the demo.
    tmux('kill-server');
  }
}

function tmux(command, ...args) {
  const named = command === 'new-session' ? ['-s', 'demo'] : [];
  return execFileSync('tmux', ['-f', '/dev/null', '-L', 'micromesh-demo', command, ...named, ...args], {
    encoding: 'utf8',
  });
}

function capture() {
  return tmux('capture-pane', '-t', 'demo', '-p', '-e');
}

// The frames lie one below the other, and the picture shows one at a time.
function draw(texts) {
  const seconds = (texts.length * FRAME_MS) / 1000;
  const groups = texts.map(
    (text, index) => `<g transform="translate(0 ${index * HEIGHT})">${drawFrame(text)}</g>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="The live demo: a node is killed and one is frozen, calls move to the others, none fails">
<style>
text { font: 14px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; fill: #e6edf3; white-space: pre; }
.film { animation: play ${seconds}s steps(${texts.length}) infinite; }
@keyframes play { to { transform: translateY(-${texts.length * HEIGHT}px); } }
@media (prefers-reduced-motion) { .film { animation: none; transform: translateY(-${7 * HEIGHT}px); } }
</style>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
<g class="film">
${groups.join('\n')}
</g>
</svg>
`;
}

function drawFrame(text) {
  return text
    .split('\n')
    .slice(0, ROWS)
    .map((line, row) => drawLine(line, MARGIN + (row + 0.8) * LINE))
    .join('');
}

function drawLine(line, y) {
  let column = 0;
  let style = {};
  let drawn = '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes begin with one.
  for (const [, codes, run] of line.matchAll(/(?:\x1b\[([\d;]*)m)?([^\x1b]*)/g)) {
    if (codes !== undefined) style = codes.split(';').reduce(restyle, style);
    // Viewers fold spaces: each piece between wide gaps gets a place of its own.
    for (const piece of run.matchAll(/\S+(?: \S+)*/g)) {
      const x = (MARGIN + (column + piece.index) * CHARACTER).toFixed(1);
      drawn += `<tspan x="${x}"${attributes(style)}>${escapeText(piece[0])}</tspan>`;
    }
    column += run.length;
  }
  return drawn === '' ? '' : `<text y="${y.toFixed(1)}">${drawn}</text>`;
}

function restyle(style, code) {
  const number = Number(code);
  if (number === 0) return {};
  if (number === 1) return { ...style, bold: true };
  if (number === 2) return { ...style, dim: true };
  if (number === 22) return { ...style, bold: false, dim: false };
  if (number >= 30 && number <= 39) return { ...style, color: COLORS[number] };
  return style;
}

function attributes({ bold, dim, color }) {
  return [
    color === undefined ? '' : ` fill="${color}"`,
    bold ? ' font-weight="bold"' : '',
    dim ? ' opacity="0.6"' : '',
  ].join('');
}

function escapeText(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
