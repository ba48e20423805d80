// Actions: what somebody with the token can have done to a target. It is sent as a header and never as a
// cookie, so no page of another origin can do it.

const ACTIONS = {
  reactivate: 'Reactivate', 'check-now': 'Check now', pause: 'Pause', resume: 'Resume',
  silence: 'Silence', unsilence: 'End the silence',
};
// Those that somebody else will want to know the reason of.
const REASONED = ['pause', 'silence'];

// What is asked about in the dialog.
let planned = null;

const button = (verb, name, words = ACTIONS[verb]) =>
  h('button', { type: 'button', class: 'plain', 'data-verb': verb, 'data-name': name, 'aria-label': `${words} ${name}` }, words);

/** The actions that make sense for a target as it is. */
function actionsFor({ name, status, active, paused, silenced, reactivate }) {
  const verbs = [
    (active === false || ['deregistered', 'answers-again'].includes(status)) && 'reactivate',
    !paused && 'check-now',
    paused ? 'resume' : 'pause',
    silenced ? 'unsilence' : 'silence',
  ];
  return h('p', { class: 'row' }, verbs.filter(Boolean).map(verb => button(verb, name)), reactivate && h('small', {}, 'or ', h('samp', {}, reactivate)));
}

function plan(verb, name) {
  planned = { verb, name };
  if (!REASONED.includes(verb)) return act(verb, name, {});
  fill($('asked'), `${ACTIONS[verb]} ${name}`);
  fill($('do'), ACTIONS[verb]);
  $('lasts').hidden = $('for').disabled = verb !== 'silence';
  $('ask').showModal();
  $('why').focus();
}

async function act(verb, name, query) {
  const words = new URLSearchParams(query);
  say('', `${ACTIONS[verb]} ${name} …`);
  try {
    const path = `${HOME}targets/${encodeURIComponent(name)}/${verb}${words.size ? '?' + words : ''}`;
    const answer = await fetch(path, { method: 'POST', headers: headers('application/json'), signal: AbortSignal.timeout(PATIENCE) });
    const { done, error } = await answer.json().catch(() => ({}));
    if (answer.status === 401) isNeeded = true;
    if (answer.ok) say('healthy', done ?? 'Done.');
    else say('unhealthy', `${ACTIONS[verb]} ${name}: ${error ?? 'this server cannot do it'} (${answer.status})`);
  } catch {
    say('unhealthy', `${ACTIONS[verb]} ${name}: no answer; whether it was done is not known`);
  }
  wake?.();
}

function say(status, text) {
  $('said').dataset.status = status;
  fill($('said'), text);
}

document.addEventListener('click', event => {
  const at = event.target.closest('[data-verb]');
  if (at) plan(at.dataset.verb, at.dataset.name);
});
$('not').addEventListener('click', () => $('ask').close());
$('ask').firstElementChild.addEventListener('submit', event => {
  event.preventDefault();
  $('ask').close();
  const { verb, name } = planned, why = $('why').value;
  act(verb, name, verb === 'silence' ? { for: $('for').value, why } : { why });
});
