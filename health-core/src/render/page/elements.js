// Elements and words: what every part of the page is made of.

const $ = id => document.getElementById(id), root = document.documentElement;
const clock = () => Date.now() + skew;
const inFull = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const withinDay = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

const MARKS = {
  healthy: '✓', up: '✓', degraded: '!', unhealthy: '✕', down: '✕', unknown: '?', pending: '…',
  starting: '…', draining: '↓', stopped: '■', inactive: '–', lost: '–',
  deregistered: '✕', 'answers-again': '↑', paused: '‖',
  ready: '✓', started: '…', unready: '!', waiting: '…', backoff: '↻', stopping: '↓', failed: '✕',
};
const ORDER = ['deregistered', 'answers-again', 'unhealthy', 'down', 'unknown', 'starting', 'pending', 'inactive', 'degraded',
  'up', 'healthy'];
const byName = new Intl.Collator('en', { numeric: true }).compare;
const worstFirst = (a, b) => ORDER.indexOf(a.status) - ORDER.indexOf(b.status) || byName(a.name, b.name);

const SVG = 'http://www.w3.org/2000/svg';
const h = (tag, ...rest) => dress(document.createElement(tag), ...rest);
const s = (tag, ...rest) => dress(document.createElementNS(SVG, tag), ...rest);

const isThere = one => one != null && one !== false;

/** What is null or false is left out, of attributes and of children. */
function dress(node, attributes, ...children) {
  for (const [name, value] of Object.entries(attributes)) if (value) node.setAttribute(name, value);
  node.append(...children.flat().filter(isThere));
  return node;
}

/** Makes the children of `parent` like `fresh` and touches only what differs: selections stay. */
function fill(parent, ...fresh) {
  const old = [...parent.childNodes], nodes = fresh.flat().filter(isThere).map(one => one.nodeType ? one : new Text(one));
  nodes.forEach((node, index) => index < old.length ? liken(old[index], node) : parent.append(node));
  old.slice(nodes.length).forEach(node => node.remove());
}

function liken(old, fresh) {
  if (old === fresh) return;
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(fresh);
  } else if (old instanceof Text) {
    if (old.data !== fresh.data) old.data = fresh.data;
  } else {
    // What somebody has opened stays so.
    for (const { name } of [...old.attributes]) if (!fresh.hasAttribute(name) && name !== 'open') old.removeAttribute(name);
    for (const { name, value } of fresh.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value);
    fill(old, [...fresh.childNodes]);
  }
}

/** A section's list; without anything in it the section is not there. */
function list(id, items) {
  $(id).parentNode.hidden = items.length === 0;
  fill($(id), items);
}

// Words

/** Milliseconds in their two largest units. */
function span(time) {
  const parts = [];
  let left = Math.max(0, Math.floor(time / 1000));
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['min', 60], ['s', 1]]) {
    if (left >= size || (size === 1 && !parts.length)) parts.push(`${Math.floor(left / size)} ${unit}`);
    left %= size;
  }
  return parts.slice(0, 2).join(' ');
}

/** A time in the viewer's words; with its day if that is not today. */
function at(time) {
  const date = new Date(time), isToday = date.toDateString() === new Date().toDateString();
  return (isToday ? withinDay : inFull).format(date);
}

/** What has passed since. It ticks; what it `lasts` ends when nobody answers any more. Or until it is `due`. */
function passed(time, how) {
  if (how === 'lasts') return span((lost ? heard + skew : clock()) - time);
  if (how === 'due') return time > clock() ? 'in ' + span(time - clock() + 999) : 'now';
  return clock() - time < 1000 ? 'just now' : span(clock() - time) + ' ago';
}
const since = (time, how, date = new Date(time)) =>
  h('time', { datetime: date.toISOString(), title: inFull.format(date), class: how }, passed(date, how));
const join = notes => notes.filter(Boolean).join(', ');
const small = notes => h('small', {}, join(notes));
const badge = status => h('span', { class: 'status', 'data-status': status }, h('i', { 'aria-hidden': 'true' }, MARKS[status] ?? '·'), spoken(status));
const spoken = status => status.replace('-', ' ');

