// One chat: what this tab knows of it, and the WebSocket that keeps it up to date. It shows nothing.
// Every message has an id of its own. They are sent one after the other, each until it is answered, and count once.
class ChatClient {
  static #STORED = "frontline_chat_";
  #given;
  #socket = null;
  #isWelcome = false; // the server has answered the hello
  #isSent = false; // the first of `pending` was sent, and its answer has to come
  #tries = 0;
  #heardAt = 0;

  // `identity`: who the page was shown to, `hello`: what the first message says. Called back: `changed` after every
  // change, `handOverRefused` with a refusal, `lost` and `found` with the connection, `delayed` with the reason why
  // something has to wait, `ended` with the close code of a chat that cannot go on.
  constructor(given) {
    this.#given = { ...given, storedAs: ChatClient.#STORED + given.identity };
    this.#begin();
    for (const name of Object.keys(sessionStorage)) { // of somebody who was signed in before
      if (name.startsWith(ChatClient.#STORED) && name !== this.#given.storedAs) sessionStorage.removeItem(name);
    }
    try {
      Object.assign(this, JSON.parse(sessionStorage.getItem(this.#given.storedAs)));
    } catch { /* of another version */ }
    if (this.#isNeeded) this.#connect(); // else with the first message
    window.addEventListener("online", () => this.#look());
    document.addEventListener("visibilitychange", () => this.#look());
    setInterval(() => this.#look(), 10_000);
  }

  // `log`: messages and marks in their order; `pending`: what has no answer yet; `request`: the case, once the chat
  // was handed over; `seen`: its last message that came; `standing`: how it stands.
  #begin() {
    const began = ChatClient.now();
    Object.assign(this, { began, log: [], pending: [], request: null, page: null, seen: null, standing: null });
    this.#isSent = false;
  }

  static now() { return new Date().toISOString(); }

  static newId() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  get isDecided() { return Boolean(this.standing) && this.standing.state !== "deciding"; }
  get isLive() { return Boolean(this.standing?.live); }
  get isOver() { return ["resolved", "closed", "gone"].includes(this.standing?.state); }
  get isPassingOn() { return this.pending.some((frame) => frame.type === "hand_over"); }
  get isResolving() { return this.pending.some((frame) => frame.activity?.type === "resolved"); }
  get #isNeeded() { return this.pending.length > 0 || (Boolean(this.request) && !this.isOver); }

  // --- what the customer does

  ask({ text, topic }) {
    const id = ChatClient.newId();
    this.#say(text, topic ? { type: "ask", id, topic } : { type: "ask", id, text });
  }

  // To the person, where there is one or may be; else to the bot.
  say(text) {
    if (!this.request || (this.isDecided && !this.isLive)) return this.ask({ text });
    this.#say(text, { type: "report", id: ChatClient.newId(), activity: { type: "customer_replied", text } });
  }

  // What was not accepted, once more. It keeps its id: perhaps it was accepted after all.
  sayAgain(entry) {
    this.log.splice(this.log.indexOf(entry), 1);
    this.#say(entry.text, entry.frame);
  }

  handOver(subject, fields) {
    if (this.isPassingOn) return;
    this.#post({ type: "hand_over", id: ChatClient.newId(), subject, transcript: this.#transcript(), fields });
  }

  resolve() {
    if (!this.isResolving) this.#post({ type: "report", id: ChatClient.newId(), activity: { type: "resolved" } });
  }

  beginAnew() {
    this.#begin();
    this.#socket?.close();
    this.#changed();
  }

  // The last turns, since a message has a largest size, and so has a request.
  #transcript() {
    const turns = [];
    let size = 0;
    for (const entry of this.log.toReversed()) {
      const turn = entry.answer?.topic ? { topic: entry.answer.topic } : entry.by === "me" ? { text: entry.text } : null;
      if (turn && (size += JSON.stringify(turn).length) < 15_000) turns.unshift(turn);
    }
    return turns;
  }

  // --- what is sent

  #say(text, frame) {
    this.log.push({ by: "me", id: frame.id, text, at: ChatClient.now(), state: "sending", frame });
    this.#post(frame);
  }

  #post(frame) {
    this.pending.push(frame);
    this.#changed();
    if (this.#socket) this.#sendNext();
    else this.#connect();
  }

  // One after the other, so that they arrive in their order whatever has to wait.
  #sendNext() {
    if (!this.#isWelcome || this.#isSent || !this.pending.length) return;
    this.#isSent = true;
    this.#socket.send(JSON.stringify(this.pending[0]));
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = this.#socket = new WebSocket(`${scheme}://${location.host}/v1/chat`);
    this.#heardAt = Date.now();
    const { identity, hello } = this.#given;
    socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "hello", identity, ...hello })));
    socket.addEventListener("message", (event) => { if (socket === this.#socket) this.#take(JSON.parse(event.data)); });
    socket.addEventListener("close", (event) => { if (socket === this.#socket) this.#closed(event.code); });
  }

  #closed(code) {
    this.#isWelcome = this.#isSent = false;
    this.#socket = null;
    if (code === 1008 || code === 4401) return this.#given.ended(code);
    if (!this.#isNeeded) return; // the next message opens it again
    this.#given.lost();
    const pause = Math.min(15_000, 250 * 2 ** this.#tries++) * (0.5 + Math.random());
    setTimeout(() => { if (!this.#socket) this.#connect(); }, pause);
  }

  // The server says something twice a minute. A connection that says nothing is lost, though the browser has not noticed.
  #look() {
    if (!this.#socket) {
      if (navigator.onLine && this.#isNeeded && document.visibilityState === "visible" && !this.#tries) this.#connect();
      return;
    }
    if (Date.now() - this.#heardAt < 60_000) return;
    const silent = this.#socket;
    this.#closed(1006);
    silent.close();
  }

  // --- what comes

  #take(frame) {
    this.#heardAt = Date.now();
    const taken = {
      welcome: () => this.#welcomed(),
      answer: () => this.#answered(frame),
      accepted: () => this.#accepted(frame),
      case: () => this.#stands(frame),
      said: () => this.#said(frame),
      retracted: () => { this.log = this.log.filter((entry) => entry.activity !== frame.id); },
      delivered: () => this.#delivered(frame.to, frame.activity_id),
      refused: () => this.#refused(frame),
      forgotten: () => this.#gone(),
    }[frame.type];
    if (!taken) return;
    taken();
    this.#changed();
  }

  #welcomed() {
    const socket = this.#socket;
    this.#isWelcome = true;
    setTimeout(() => { if (socket === this.#socket) this.#tries = 0; }, 5_000); // not if it ends again at once
    this.#given.found();
    if (this.request) this.#follow();
    this.#sendNext();
  }

  #follow() {
    const pending = this.pending.filter((frame) => frame.type === "report").map((frame) => frame.id).slice(0, 100);
    const frame = { type: "follow", request_id: this.request, pending, ...(this.seen ? { seen: this.seen } : {}) };
    this.#socket.send(JSON.stringify(frame));
  }

  // The message with that id is answered: the next one can be sent.
  #done(id) {
    if (this.pending[0]?.id === id) this.#isSent = false;
    this.pending = this.pending.filter((frame) => frame.id !== id);
    this.#sendNext();
  }

  #answered(frame) {
    const asked = this.log.find((entry) => entry.id === frame.to);
    if (asked) asked.state = "";
    const before = this.log.some((entry) => entry.to === frame.to);
    if (!before) this.log.push({ by: "bot", to: frame.to, at: ChatClient.now(), answer: frame });
    this.#done(frame.to);
  }

  #accepted(frame) {
    if (this.request !== frame.request_id) {
      Object.assign(this, { request: frame.request_id, page: frame.page, seen: null, standing: null });
      this.log.push({ by: "mark", passed: frame.request_id });
    }
    this.#done(frame.to);
  }

  #stands(frame) {
    if (frame.request_id !== this.request) return;
    const before = this.standing;
    this.standing = frame;
    const told = this.log.findLast((entry) => entry.decided)?.decided.decision.text;
    if (frame.decision && frame.decision.text !== told) this.log.push({ by: "mark", decided: frame });
    if (this.isOver && this.log.at(-1)?.ended !== frame.state && before?.state !== frame.state) {
      this.log.push({ by: "mark", ended: frame.state });
    }
  }

  #said({ request_id, to, message }) {
    if (request_id !== this.request) return;
    this.seen = message.id;
    if (to && this.log.some((entry) => entry.id === to)) return this.#delivered(to, message.id);
    if (message.id === this.request || this.log.some((entry) => entry.activity === message.id)) return;
    this.log.push({ by: message.by, text: message.text, at: message.at, activity: message.id, state: "delivered" });
  }

  #delivered(id, activity) {
    const entry = this.log.find((each) => each.id === id);
    if (entry) Object.assign(entry, { state: "delivered", activity });
    this.#done(id);
  }

  #refused(frame) {
    const refused = this.pending.find((each) => each.id === frame.to);
    if (frame.retry_after) return this.#later(frame);
    if (!refused && this.request && frame.problem.status === 404) return this.#gone(); // it was to follow
    if (refused?.type === "hand_over") this.#given.handOverRefused(frame);
    const entry = this.log.find((each) => each.id === frame.to);
    const why = frame.problem.errors[0]?.message ?? frame.text;
    if (entry) Object.assign(entry, { state: "failed", why });
    else if (refused?.type !== "hand_over") this.log.push({ by: "mark", text: frame.text });
    this.#done(frame.to);
  }

  // The same once more: what was sent and is not answered, or following the case.
  #later(frame) {
    const socket = this.#socket;
    this.#given.delayed(frame.text);
    setTimeout(() => {
      if (socket !== this.#socket || !this.#isWelcome) return; // it was opened again, and has begun again
      this.#given.found();
      if (this.pending[0]?.id === frame.to) {
        this.#isSent = false;
        this.#sendNext();
      } else if (this.request) this.#follow();
    }, frame.retry_after * 1000);
  }

  #gone() {
    this.standing = { ...this.standing, state: "gone" };
    if (this.log.at(-1)?.ended !== "gone") this.log.push({ by: "mark", ended: "gone" });
  }

  #changed() {
    const { began, log, pending, request, page, seen, standing } = this;
    try {
      sessionStorage.setItem(this.#given.storedAs, JSON.stringify({ began, log, pending, request, page, seen, standing }));
    } catch { /* full, or forbidden: a reload would then forget what is new */ }
    this.#given.changed();
  }
}
