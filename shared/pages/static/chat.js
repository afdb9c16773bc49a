// The page of the chat: shows what its client knows, and passes on what the reader does. All is put in as text.
(() => {
  "use strict";
  const at = (id) => document.getElementById(id);
  const place = at("chat"), scroll = at("scroll"), talk = at("talk"), message = at("message");
  const handOver = at("hand-over"), offline = at("offline");
  const texts = JSON.parse(place.dataset.texts);
  const { identity, language } = place.dataset;
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

  const element = (name, given = {}, ...children) => {
    const made = Object.assign(document.createElement(name), given);
    made.append(...children);
    return made;
  };
  const small = (...children) => element("p", { className: "small" }, ...children);
  const way = ({ name, help }) => [element("b", { textContent: name }), ` ${help}`];

  // --- one entry of the conversation

  const parts = (list) => list.map((part) => {
    if (part.address) return element("a", { href: part.address, textContent: part.text, rel: "noopener" });
    if (!part.topic) return part.text;
    const button = element("button", { type: "button", className: "link inline", textContent: part.text });
    button.addEventListener("click", () => client.ask(part));
    return button;
  });

  const answer = ({ topic, title, blocks, others, channels }) => {
    if (!topic) return [element("p", { textContent: texts.unknown })];
    const shown = blocks.map((block) => block.steps
      ? element("ol", {}, ...block.steps.map((step) => element("li", {}, ...parts(step))))
      : element("p", {}, ...parts(block.parts)));
    const links = parts(others.map((other) => ({ text: other.title, topic: other.topic })));
    if (links.length) shown.push(element("p", { className: "row small" }, texts.others, ...links));
    shown.push(...channels.map((each) => small(...way(each))));
    return [element("p", {}, element("b", { textContent: title })), ...shown];
  };

  const mark = ({ text, passed, decided, ended }) => {
    if (text) return [element("p", { textContent: text })];
    if (passed) return [element("p", { textContent: texts.passed.replace("{id}", passed.slice(0, 16)) })];
    if (ended) return [element("p", { textContent: texts[ended] })];
    const { decision, live, promise, ways } = decided;
    const taken = [element("p", { textContent: decision.text }), ...(promise ? [small(promise.why)] : [])];
    if (live || !decision.because) return taken; // what is for another desk goes there, though the chat is open
    const shown = [element("p", { textContent: `${texts.not_live} ${decision.because}` })];
    if (decision.staffed) shown.push(small(...taken));
    const listed = ways.map((each) => element("li", {}, ...way(each)));
    if (listed.length) shown.push(small(texts.ways), element("ul", {}, ...listed));
    return shown;
  };

  // What is under a message: who, when, whether it was delivered; and what to do if it was not.
  const under = (entry) => {
    const said = [texts.by[entry.by], clock.format(new Date(entry.at)), entry.by === "me" && texts[entry.state]];
    const shown = [element("small", { className: "muted", textContent: said.filter(Boolean).join(" · ") })];
    if (entry.state !== "failed") return shown;
    const again = element("button", { type: "button", className: "link inline", textContent: texts.again });
    again.addEventListener("click", () => {
      client.sayAgain(entry);
      message.focus();
    });
    return [...shown, element("small", { className: "error", textContent: entry.why }), again];
  };

  const drawn = (entry) => {
    const stack = (list) => element("div", { className: "stack" }, ...list);
    if (entry.by === "mark") return element("li", { className: "mark" }, stack(mark(entry)));
    const said = entry.answer ? answer(entry.answer) : [element("p", { className: "text", textContent: entry.text })];
    const shown = element("li", { className: entry.by === "me" ? "me" : `them ${entry.by}` });
    shown.append(element("div", { className: "bubble" }, ...said), ...under(entry));
    return shown;
  };

  // --- the whole page. What was said keeps its element, so that it is not read out twice; only what is under it changes.

  const rows = []; // of each entry that is shown: which it is, and what was under it
  const drawTalk = () => {
    const entries = [{ by: "bot", text: texts.hello, at: client.began }, ...client.log];
    const before = rows.length;
    entries.forEach((entry, index) => {
      const which = entry.id ?? entry.activity ?? entry.to ?? JSON.stringify(entry);
      const row = { entry: which, under: `${entry.state} ${entry.why}` };
      const known = rows[index], shown = talk.children[index];
      rows[index] = row;
      if (!shown) talk.append(drawn(entry));
      else if (known.entry !== row.entry) shown.replaceWith(drawn(entry));
      else if (known.under !== row.under) shown.replaceChildren(shown.firstChild, ...under(entry));
    });
    while (talk.children.length > entries.length) talk.lastChild.remove();
    rows.length = entries.length;
    if (rows.length > before && entries.at(-1).by === "me") isAtEnd = true;
  };

  // Who reads the end keeps reading it, whatever comes and however large the window is; who reads above stays there.
  let isAtEnd = true, top = 0;
  scroll.addEventListener("scroll", () => {
    if (scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80) isAtEnd = true;
    else if (scroll.scrollTop < top) isAtEnd = false; // not because there is more below now
    top = scroll.scrollTop;
  });
  const end = new ResizeObserver(() => { if (isAtEnd) scroll.scrollTop = scroll.scrollHeight; });
  for (const each of [scroll, talk]) end.observe(each);

  // How it stands: the pill, what it means, and the time that is left where there is a deadline.
  const standing = () => {
    const { request, standing: now } = client;
    if (!request || (client.isDecided && !client.isLive)) return ["with_bot", texts.with_bot_text];
    if (!client.isDecided) return ["deciding", texts.deciding_text];
    if (client.isOver) return ["over", texts[now.state]];
    if (!now.promise) return ["with_person", now.nothing_promised ?? ""];
    if (!now.promise.due_at) return ["with_person", texts.paused];
    const due = texts.due.replace("{milestone}", now.promise.name).replace("{at}", now.promise.due);
    return ["with_person", due[0].toUpperCase() + due.slice(1), now.promise.due_at];
  };
  const drawStanding = () => {
    const [name, text, due] = standing();
    const shown = at("standing"), from = JSON.stringify([name, text, due]);
    if (shown.dataset.from === from) return;
    shown.dataset.from = from;
    const look = ["with_person", "over"].includes(name) ? "pill ok" : "pill";
    const pill = element("span", { className: look, textContent: texts[name] });
    shown.replaceChildren(pill, element("span", { textContent: text }));
    const left = at("left"); // apart: what changes each second is not read out
    left.textContent = "";
    if (due) Object.assign(left.dataset, { due, late: texts.late });
    else delete left.dataset.due;
  };

  const draw = () => {
    drawTalk();
    drawStanding();
    const isPassedOn = client.request && !handOver.hidden;
    if (isPassedOn) handOver.hidden = true;
    at("ask-person").hidden = Boolean(client.request) || !handOver.hidden;
    at("works").hidden = !client.isLive || client.isOver;
    at("works").disabled = client.isResolving;
    for (const button of handOver.querySelectorAll("button")) button.disabled = client.isPassingOn;
    at("case").hidden = !client.page;
    if (client.page) at("case").href = client.page;
    at("anew").hidden = client.pending.length > 0 || (!client.isOver && !(client.isDecided && !client.isLive));
    at("offers").hidden = !at("offers").querySelector(":scope > :not([hidden])");
    at("compose").hidden = client.isOver || !handOver.hidden;
    place.hidden = false;
    if (isPassedOn) message.focus();
  };

  // --- what the reader does

  const write = () => {
    const text = message.value.trim();
    message.value = "";
    if (text) client.say(text);
  };
  at("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    write();
  });
  message.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    write();
  });
  at("ask-person").addEventListener("click", () => {
    write(); // what is typed already goes along
    at("subject").value ||= (client.log.find((entry) => entry.by === "me")?.text ?? "").slice(0, 200);
    handOver.hidden = false;
    draw();
    at("hand-over-title").focus();
  });
  at("back").addEventListener("click", () => {
    handOver.hidden = true;
    draw();
    message.focus();
  });
  handOver.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = [...new FormData(handOver)].filter(([name]) => name.startsWith("fields."));
    client.handOver(at("subject").value, Object.fromEntries(chosen.map(([name, value]) => [name.slice(7), value])));
  });
  at("works").addEventListener("click", () => client.resolve());
  at("anew").addEventListener("click", () => {
    at("subject").value = "";
    client.beginAnew();
    message.focus();
  });

  // What is wrong with the answers, beside each; the reader begins at the first.
  const handOverRefused = ({ text, problem }) => {
    for (const each of handOver.querySelectorAll(".error")) each.hidden = true;
    for (const each of handOver.querySelectorAll(".wrong")) each.classList.remove("wrong");
    const known = problem.errors.filter(({ field }) => at(`wrong-${field}`));
    at("hand-over-refused").hidden = known.length > 0;
    at("hand-over-refused").textContent = text;
    for (const { field } of known) {
      const sentence = field.startsWith("fields.") ? texts.choose : texts.subject;
      Object.assign(at(`wrong-${field}`), { hidden: false, textContent: sentence });
      at(field).classList.add("wrong");
    }
    handOver.hidden = false;
    draw();
    if (known.length) at(known[0].field).focus();
  };

  // What keeps the chat from going on.
  const say = (text) => {
    if (offline.textContent !== text) offline.textContent = text;
    offline.hidden = false;
  };

  const client = new ChatClient({
    identity,
    hello: { language, zone: Intl.DateTimeFormat().resolvedOptions().timeZone },
    changed: draw,
    handOverRefused,
    lost: () => say(texts.offline),
    delayed: (why) => say(why),
    found: () => { offline.hidden = true; },
    ended: (code) => {
      if (code === 4401) return location.reload(); // the page says that the sign-in has ended
      say(texts.reload);
    },
  });
  draw();
})();
