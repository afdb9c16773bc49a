// The page of the chat: shows what its client knows, and passes on what the reader does. All is put in as text.
(() => {
  "use strict";
  const at = (id) => document.getElementById(id);
  const place = at("chat"), talk = at("talk"), message = at("message"), handOver = at("hand-over"), offline = at("offline");
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
    return [element("p", {}, element("b", { textContent: title })), ...shown, ...channels.map((each) => small(...way(each)))];
  };

  const mark = ({ text, passed, decided, ended }) => {
    if (text) return [element("p", { textContent: text })];
    if (passed) return [element("p", { textContent: texts.passed.replace("{id}", passed.slice(0, 16)) })];
    if (ended) return [element("p", { textContent: texts[ended] })];
    const { decision, live, promise, ways } = decided;
    if (live) return [element("p", { textContent: decision.text }), ...(promise ? [small(promise.why)] : [])];
    const shown = [element("p", { textContent: [texts.not_live, decision.because].filter(Boolean).join(" ") })];
    if (decision.staffed) shown.push(small(decision.text));
    const listed = ways.map((each) => element("li", {}, ...way(each)));
    if (listed.length) shown.push(small(texts.ways), element("ul", {}, ...listed));
    return shown;
  };

  const drawn = (entry) => {
    const stack = (list) => element("div", { className: "stack" }, ...list);
    if (entry.by === "mark") return element("li", { className: "mark" }, stack(mark(entry)));
    const isMine = entry.by === "me";
    const said = entry.answer ? answer(entry.answer) : [element("p", { className: "text", textContent: entry.text })];
    const under = [texts.by[entry.by], clock.format(new Date(entry.at)), isMine && texts[entry.state]].filter(Boolean);
    const shown = element("li", { className: isMine ? "me" : `them ${entry.by}` });
    shown.append(element("div", { className: "bubble" }, ...said));
    shown.append(element("small", { className: "muted", textContent: under.join(" · ") }));
    if (entry.state === "failed") {
      const again = element("button", { type: "button", className: "link", textContent: texts.again });
      again.addEventListener("click", () => client.sayAgain(entry));
      shown.append(element("small", { className: "error", textContent: entry.why }), again);
    }
    return shown;
  };

  // --- the whole page. An entry that has not changed keeps its element, so that nothing is read out twice.

  const rows = new Map(); // the place of an entry -> what it was drawn from
  const drawTalk = () => {
    const entries = [{ by: "bot", text: texts.hello, at: client.began }, ...client.log];
    entries.forEach((entry, index) => {
      const from = JSON.stringify(entry);
      if (rows.get(index) === from) return;
      rows.set(index, from);
      if (talk.children[index]) talk.children[index].replaceWith(drawn(entry));
      else {
        talk.append(drawn(entry));
        talk.scrollTop = talk.scrollHeight;
      }
    });
    while (talk.children.length > entries.length) {
      talk.lastChild.remove();
      rows.delete(talk.children.length);
    }
  };

  // How it stands: the pill, what it means, and the time that is left where there is a deadline.
  const standing = () => {
    const { request, standing: now } = client;
    if (!request || (client.isDecided && !client.isLive)) return ["with_bot", texts.with_bot_text];
    if (!client.isDecided) return ["deciding", texts.deciding_text];
    if (client.isOver) return ["over", texts[now.state]];
    if (!now.promise) return ["with_person", now.nothing_promised ?? ""];
    if (!now.promise.due_at) return ["with_person", texts.paused];
    return ["with_person", texts.due.replace("{at}", now.promise.due), now.promise.due_at];
  };
  const drawStanding = () => {
    const [name, text, due] = standing();
    const shown = at("standing"), from = JSON.stringify([name, text, due]);
    if (shown.dataset.from === from) return;
    shown.dataset.from = from;
    const look = ["with_person", "over"].includes(name) ? "pill ok" : "pill";
    const pill = element("span", { className: look, textContent: texts[name] });
    shown.replaceChildren(pill, element("span", { textContent: text }));
    if (!due) return;
    const left = element("b", { className: "num" });
    Object.assign(left.dataset, { due, late: texts.late });
    shown.append(left);
  };

  const draw = () => {
    drawTalk();
    drawStanding();
    const isPassedOn = client.request && !handOver.hidden;
    if (isPassedOn) handOver.hidden = true;
    at("ask-person").hidden = Boolean(client.request) || !handOver.hidden;
    at("works").hidden = !client.isLive || client.isOver;
    at("case").hidden = !client.page;
    if (client.page) at("case").href = client.page;
    at("anew").hidden = !client.isOver && !(client.isDecided && !client.isLive);
    at("offers").hidden = !at("offers").querySelector(":scope > :not([hidden])");
    at("compose").hidden = client.isOver || !handOver.hidden;
    if (place.hidden) { // the first time
      place.hidden = false;
      talk.scrollTop = talk.scrollHeight;
    }
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

  const client = new ChatClient({
    storedAs: `frontline_chat_${identity}`,
    hello: { identity, language, zone: Intl.DateTimeFormat().resolvedOptions().timeZone },
    changed: draw,
    handOverRefused,
    lost: () => { offline.hidden = false; },
    found: () => {
      offline.hidden = true;
      if (client.request && document.activeElement === document.body) message.focus();
    },
    ended: (code) => {
      if (code === 4401) return location.reload(); // the page says that the sign-in has ended
      offline.hidden = false;
      offline.textContent = texts.reload;
    },
  });
  draw();
})();
