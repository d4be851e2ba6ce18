/* The capture page: changes the code in the address for a token, sends what is needed, tells the outcome. */
"use strict";

const TEXT_VERSION = "capture-1";
const DONE_MS = 400; // recorded beyond the asked time, so that the last movement is never cut off
const SAY = { turn_left: "Turn your head to your left", turn_right: "Turn your head to your right",
  close_eyes: "Close both eyes" };

const at = (id) => document.getElementById(id);
const phone = { case: "", token: "" };

function tell(text, wrong = false) {
  at("status").textContent = text;
  at("status").classList.toggle("wrong", wrong);
}

/** The random id by which this browser is known again, where the browser keeps it for us. */
function device() {
  try {
    const kept = localStorage.getItem("vouch-device") || crypto.randomUUID();
    localStorage.setItem("vouch-device", kept);
    return kept;
  } catch {
    return "";
  }
}

/** Ask the product; the answer's JSON, or an Error with what to do. */
async function ask(method, path, body) {
  const headers = phone.token ? { Authorization: `Bearer ${phone.token}` } : {};
  const form = body instanceof FormData;
  if (body && !form) headers["Content-Type"] = "application/json";
  if (form) headers["Vouch-Device"] = device();
  const answer = await fetch(`/v1/${path}`, { method, headers, body: form || !body ? body : JSON.stringify(body) });
  const text = await answer.text();
  const said = text ? JSON.parse(text) : {};
  if (!answer.ok) throw Object.assign(new Error(said.detail || answer.statusText), { code: said.code });
  return said;
}

/** Do one thing at a time, and say so when it fails. */
async function attempt(button, what, task) {
  button.disabled = true;
  tell(what);
  try {
    await task();
    await refresh();
  } catch (error) {
    tell(`${error.message}`, true);
  } finally {
    button.disabled = false;
  }
}

async function begin() {
  const code = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  if (code) {
    const given = await ask("POST", "capture/exchange", { code });
    sessionStorage.setItem("phone", JSON.stringify({ case: given.case, token: given.token }));
  }
  Object.assign(phone, JSON.parse(sessionStorage.getItem("phone") || "{}"));
  if (!phone.token) throw new Error("This address was opened before. Please ask for a new one.");
  await refresh();
}

async function refresh() {
  const { needs, challenge_attempts_left: left } = await ask("GET", `cases/${phone.case}/capture`);
  at("document").hidden = !needs.includes("document_front");
  at("face").hidden = !needs.includes("face_video") || left === 0;
  at("finish").hidden = phone.submitted || needs.length === 2;
  if (!phone.submitted) tell(needs.length ? "Please send what is asked for below." : "Everything is here. Please finish.");
}

async function send(kind, file, challenge) {
  const form = new FormData();
  form.append("kind", kind);
  if (challenge) form.append("challenge", challenge);
  form.append("file", file, "upload");
  await ask("POST", `cases/${phone.case}/evidence`, form);
}

const draw = () => ask("POST", `cases/${phone.case}/challenge`);
const wait = (ms) => new Promise((done) => setTimeout(done, Math.max(0, ms)));

async function record() {
  const camera = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "user", width: { ideal: 1280 }, height: { ideal: 720 } }, audio: false });
  try {
    at("preview").srcObject = camera;
    await at("preview").play();
    const challenge = await draw();
    const clip = await filmed(camera, challenge);
    tell("Sending your video.");
    await send("face_video", clip, challenge.id);
  } finally {
    camera.getTracks().forEach((track) => track.stop());
    at("prompt").textContent = "";
  }
}

/** Record while the movements are asked for, each at its moment from the recording's start. */
async function filmed(camera, challenge) {
  const recorder = new MediaRecorder(camera);
  const parts = [];
  recorder.ondataavailable = (event) => parts.push(event.data);
  const started = new Promise((done) => { recorder.onstart = () => done(performance.now()); });
  const stopped = new Promise((done) => { recorder.onstop = done; });
  recorder.start();
  const start = await started;
  at("prompt").textContent = "Look straight ahead";
  for (const action of challenge.actions) {
    await wait(start + action.at_ms - performance.now());
    at("prompt").textContent = SAY[action.do] || action.do;
  }
  await wait(start + challenge.record_ms + DONE_MS - performance.now());
  recorder.stop();
  await stopped;
  return new Blob(parts, { type: recorder.mimeType });
}

/** Follow the case, and tell its outcome when there is one. */
async function follow() {
  const headers = { Authorization: `Bearer ${phone.token}`, Accept: "application/x-ndjson" };
  const answer = await fetch(`/v1/cases/${phone.case}/feed?from=earliest`, { headers });
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop();
    lines.filter(Boolean).map((line) => JSON.parse(line)).forEach(show);
  }
}

function show(frame) {
  if (frame.kind !== "outcome") return;
  at("outcome").textContent = frame.data.message;
  at("review").hidden = ["approved", "in_review"].includes(frame.data.outcome);
}

async function finish() {
  await ask("POST", `cases/${phone.case}/submit`);
  phone.submitted = true;
  at("result").hidden = false;
  tell("Thank you. Everything was received.");
  follow().catch(() => { at("outcome").textContent = "We are still checking. You may close this page."; });
}

at("document-form").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(event.submitter, "Sending your picture.", () => send("document_front", at("document-file").files[0]));
});
at("consent-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const given = { basis: "consent", text_version: TEXT_VERSION, locale: "en-GB", given_at: new Date().toISOString() };
  attempt(event.submitter, "Noting your agreement.", async () => {
    await ask("POST", `cases/${phone.case}/biometrics`, given);
    at("consent-form").hidden = true;
    at("recording").hidden = false;
  });
});
at("record").addEventListener("click", (event) => attempt(event.target, "Recording.", record));
at("draw").addEventListener("click", (event) => attempt(event.target, "Choosing the movements.", async () => {
  phone.challenge = await draw();
  at("actions").replaceChildren(...phone.challenge.actions.map((action) => {
    const line = document.createElement("li");
    line.textContent = `${SAY[action.do] || action.do}, ${(action.at_ms / 1000).toFixed(1)} seconds after the start`;
    return line;
  }));
  at("clip-form").hidden = false;
}));
at("clip-form").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(event.submitter, "Sending your video.", () =>
    send("face_video", at("clip-file").files[0], phone.challenge.id));
});
at("submit").addEventListener("click", (event) => attempt(event.target, "Finishing.", finish));
at("review").addEventListener("click", (event) => attempt(event.target, "Asking for a person.", async () => {
  await ask("POST", `cases/${phone.case}/review`);
  tell("A person will take a look.");
}));

begin().catch((error) => tell(error.message, true));
