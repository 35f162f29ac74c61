/** Asks the API whether it answers. No key is needed for its description, and none is kept here. */
const state = document.getElementById('state');

fetch('/openapi.json', { headers: { accept: 'application/json' } })
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(`it answered ${answer.status}`))))
  .then((description) => {
    state.textContent = `answers, version ${description.info.version}`;
  })
  .catch((error) => {
    state.textContent = `is not well (${error.message})`;
  });
