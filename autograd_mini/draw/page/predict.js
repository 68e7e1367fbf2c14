// Predict, then reveal: the number of a step is asked for before it is shown.
"use strict";

function hasAnswer(position) {
  return position > 0 && describe(scene, position).answer.data.length > 0;
}

function reveal() {
  const before = shownPosition();
  state.revealed = true;
  showStep(before);
}

function predictForm(said) {
  if (state.revealed) return element("p", { class: "right" }, state.verdict);
  const whole = said.answer;
  const i = indexOfLargest(whole);
  const asked = isScalar(whole) ? said.question : `${said.question} Element [${indexText(whole.shape, i)}]:`;
  const guess = element("input", { id: "guess", autocomplete: "off", inputmode: "decimal", size: 10 });
  guess.setAttribute("aria-label", asked);
  const verdict = element("p", { class: "problem", role: "alert" });
  const submit = (event) => {
    event.preventDefault();
    const read = readNumber(guess.value);
    if (!read) verdict.textContent = "Write a number, such as -0.0027.";
    else if (agrees(scalar(read.number), scalar(whole.data[i]), [read.half])) {
      state.verdict = "Right.";
      reveal();
    } else {
      verdict.textContent = `Not ${guess.value}. Try again, or reveal it.`;
      guess.select();
    }
  };
  const show = () => {
    state.verdict = "";
    reveal();
  };
  return element(
    "form",
    { class: "predict", onsubmit: submit },
    element("span", {}, asked),
    guess,
    element("button", { type: "submit" }, "Check"),
    element("button", { type: "button", id: "reveal", onclick: show }, "Reveal"),
    verdict,
  );
}

function togglePredicting() {
  state.predicting = !state.predicting;
  byId("predict").setAttribute("aria-pressed", state.predicting);
  state.verdict = "";
  goTo(state.position);
}
