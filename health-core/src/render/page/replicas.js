// Replicas: the processes of each group that is kept running.

const MOST_READY = 100;

// What of the targets' document was drawn.
let drawn;

function showReplicas() {
  if (drawn === targets) return;
  drawn = targets;
  list('groups', (targets?.groups ?? []).map(group));
}

/** All that are not ready, and not too many of the others, in their order. */
function group({ name, health: words, status, total, mass_failure, replicas }) {
  let places = MOST_READY;
  const rows = replicas.filter(it => it.state !== 'ready' || places-- > 0), rest = total - rows.length;
  return h('li', {},
    h('h3', {}, name, h('span', { class: 'status', 'data-status': status }, words)),
    mass_failure && h('p', { class: 'mass', role: 'alert' },
      h('strong', {}, 'Mass failure.'), ' More than half fail: one is restarted at a time.'),
    h('ul', {}, rows.map(replica)),
    rest > 0 && small([`and ${rest} more`]));
}

function replica({ name, state, since: from, instance, pid, port, restarts, streak, next_ms, last_end: end }) {
  const notes = [
    instance && `instance ${instance}`,
    pid && `process ${pid}`,
    port && `port ${port}`,
    `${restarts} restart${restarts === 1 ? '' : 's'}`,
    streak > 1 && `${streak} in a row`,
  ];
  const isDue = state === 'waiting' ? 'when its turn comes' : since(Date.parse(targets.timestamp) + next_ms, 'due');
  return h('li', {},
    badge(state),
    h('div', {},
      h('strong', {}, name), ' ', small(notes),
      // Always there: what stands behind it keeps its place, and stays open.
      h('p', { hidden: next_ms == null }, 'next try ', isDue),
      end && h('details', {}, h('summary', {}, ended(end)), h('samp', {}, end.output || 'It wrote nothing.'))),
    h('small', {}, from && h('div', {}, 'for ', since(from, 'lasts'))));
}

/** How an instance ended, and the last that it said. */
function ended({ instance, reason, code, signal, uptime_ms, output }) {
  const how = [reason, code != null && `code ${code}`, signal != null && `signal ${signal}`, `after ${span(uptime_ms)}`];
  const said = output.trimEnd().split('\n').at(-1);
  return `instance ${instance} ended: ${join(how)}` + (said && `: ${said}`);
}
