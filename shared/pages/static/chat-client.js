// One chat: what this tab knows of it, and the WebSocket that keeps it up to date. It shows nothing.
// Every message has an id of its own. It is sent again until it is answered, and counts once.
class ChatClient {
  #socket = null;
  #isWelcome = false; // the server has answered the hello
  #tries = 0;
  #given;

  // `hello`: what the first message says; `storedAs`: the name in this tab's storage. Called back: `changed` after
  // every change, `handOverRefused` with the refusal, `lost` and `found` with the connection, `ended` with a close code.
  constructor(given) {
    this.#given = given;
    this.#begin();
    try {
      Object.assign(this, JSON.parse(sessionStorage.getItem(given.storedAs)));
    } catch { /* of another version */ }
    if (this.request || this.pending.length) this.#connect(); // else with the first message
    window.addEventListener("online", () => { if (!this.#socket) this.#connect(); });
  }

  // `log`: messages and marks in their order; `pending`: what was sent and not answered; `request`: the case, once the
  // chat was handed over; `seen`: its last message that came; `standing`: how it stands.
  #begin() {
    const began = ChatClient.now();
    Object.assign(this, { began, log: [], pending: [], request: null, page: null, seen: null, standing: null });
  }

  static now() { return new Date().toISOString(); }

  static newId() {
    return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }

  get isDecided() { return Boolean(this.standing) && this.standing.state !== "deciding"; }
  get isLive() { return Boolean(this.standing?.live); }
  get isOver() { return ["resolved", "closed"].includes(this.standing?.state); }

  // --- what the customer does

  ask({ text, topic }) {
    const id = ChatClient.newId();
    this.log.push({ by: "me", id, text, topic, at: ChatClient.now(), state: "sending" });
    this.#post(topic ? { type: "ask", id, topic } : { type: "ask", id, text });
  }

  // To the person, where there is one or may be; else to the bot.
  say(text) {
    if (!this.request || (this.isDecided && !this.isLive)) return this.ask({ text });
    const id = ChatClient.newId();
    this.log.push({ by: "me", id, text, at: ChatClient.now(), state: "sending" });
    this.#post({ type: "report", id, activity: { type: "customer_replied", text } });
  }

  // What was not accepted, once more; as a new message.
  sayAgain(entry) {
    this.log.splice(this.log.indexOf(entry), 1);
    this.say(entry.text);
  }

  handOver(subject, fields) {
    if (this.pending.some((frame) => frame.type === "hand_over")) return;
    this.#post({ type: "hand_over", id: ChatClient.newId(), subject, transcript: this.#transcript(), fields });
  }

  resolve() { this.#post({ type: "report", id: ChatClient.newId(), activity: { type: "resolved" } }); }

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
      if (turn && (size += JSON.stringify(turn).length) < 15000) turns.unshift(turn);
    }
    return turns;
  }

  // --- what is sent: at once where the chat is open, and again whenever it opens, until it is answered

  #post(frame) {
    this.pending.push(frame);
    this.#changed();
    if (this.#socket) this.#send(frame);
    else this.#connect();
  }

  #send(frame) { if (this.#isWelcome) this.#socket.send(JSON.stringify(frame)); }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = this.#socket = new WebSocket(`${scheme}://${location.host}/v1/chat`);
    socket.addEventListener("open", () => socket.send(JSON.stringify({ type: "hello", ...this.#given.hello })));
    socket.addEventListener("message", (event) => this.#take(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => this.#closed(event.code));
  }

  #closed(code) {
    this.#isWelcome = false;
    this.#socket = null;
    if (code === 4408) return; // idle: the next message opens it again
    if (code === 1008 || code === 4401) return this.#given.ended(code);
    if (!this.request && !this.pending.length) return;
    this.#given.lost();
    const pause = Math.min(15000, 250 * 2 ** this.#tries++) * (0.5 + Math.random());
    setTimeout(() => { if (!this.#socket) this.#connect(); }, pause);
  }

  // --- what comes

  #take(frame) {
    const taken = {
      welcome: () => this.#welcomed(),
      answer: () => this.#answered(frame),
      accepted: () => this.#accepted(frame),
      case: () => this.#stands(frame),
      said: () => this.#said(frame),
      delivered: () => this.#delivered(frame.to, frame.activity_id),
      refused: () => this.#refused(frame),
      forgotten: () => { if (this.standing) this.standing.state = "closed"; },
    }[frame.type];
    taken?.();
    this.#changed();
  }

  #welcomed() {
    this.#tries = 0;
    this.#isWelcome = true;
    this.#given.found();
    if (this.request) this.#follow();
    this.pending.forEach((frame) => this.#send(frame));
  }

  #follow() {
    const pending = this.pending.filter((frame) => frame.type === "report").map((frame) => frame.id).slice(0, 100);
    this.#send({ type: "follow", request_id: this.request, pending, ...(this.seen ? { seen: this.seen } : {}) });
  }

  #done(id) { this.pending = this.pending.filter((frame) => frame.id !== id); }

  #answered(frame) {
    this.#done(frame.to);
    const asked = this.log.find((entry) => entry.id === frame.to);
    if (asked) asked.state = "";
    if (this.log.some((entry) => entry.to === frame.to)) return;
    this.log.push({ by: "bot", to: frame.to, at: ChatClient.now(), answer: frame });
  }

  #accepted(frame) {
    this.#done(frame.to);
    if (this.request === frame.request_id) return;
    Object.assign(this, { request: frame.request_id, page: frame.page, seen: null, standing: null });
    this.log.push({ by: "mark", passed: frame.request_id });
  }

  #stands(frame) {
    if (frame.request_id !== this.request) return;
    const before = this.standing;
    this.standing = frame;
    if (frame.decision && before?.decision?.text !== frame.decision.text) this.log.push({ by: "mark", decided: frame });
    if (before && before.state !== frame.state && this.isOver) this.log.push({ by: "mark", ended: frame.state });
  }

  #said({ to, message }) {
    this.seen = message.id;
    if (to && this.log.some((entry) => entry.id === to)) return this.#delivered(to, message.id);
    if (message.id === this.request || this.log.some((entry) => entry.activity === message.id)) return;
    this.log.push({ by: message.by, text: message.text, at: message.at, activity: message.id, state: "delivered" });
  }

  #delivered(id, activity) {
    this.#done(id);
    const entry = this.log.find((each) => each.id === id);
    if (entry) Object.assign(entry, { state: "delivered", activity });
  }

  #refused(frame) {
    const refused = this.pending.find((each) => each.id === frame.to);
    if (frame.retry_after) {
      const again = refused ? () => this.#send(refused) : () => this.#follow();
      setTimeout(again, frame.retry_after * 1000);
      return;
    }
    this.#done(frame.to);
    if (refused?.type === "hand_over") return this.#given.handOverRefused(frame);
    const entry = this.log.find((each) => each.id === frame.to);
    const why = frame.problem.errors[0]?.message ?? frame.text;
    if (entry) Object.assign(entry, { state: "failed", why });
    else this.log.push({ by: "mark", text: frame.text });
  }

  #changed() {
    const { began, log, pending, request, page, seen, standing } = this;
    try {
      sessionStorage.setItem(this.#given.storedAs, JSON.stringify({ began, log, pending, request, page, seen, standing }));
    } catch { /* full, or forbidden */ }
    this.#given.changed();
  }
}
