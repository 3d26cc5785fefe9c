// Canvas's answers to a tool's messages (ui/shared/lti/jquery/messages.ts).
(() => {
  const frame = document.querySelector("iframe.tool_launch");
  const LIMIT_KEYS = 500, LIMIT_CHARACTERS = 4096;
  const stored = (origin) => `lti|platform_storage|${origin}|`;
  const subjects = {
    "lti.capabilities": () => ({
      supported_messages: Object.keys(subjects).map((subject) => ({ subject })),
    }),
    "lti.frameResize": (data) => {
      if (!(Number(data.height) > 0)) throw "bad_request";
      frame.height = Number(data.height);
      return {};
    },
    "lti.scrollToTop": () => (scrollTo(0, 0), {}),
    "lti.fetchWindowSize": () => ({
      height: innerHeight, width: innerWidth, offset: frame.getBoundingClientRect().toJSON(),
      footer: 0, scrollY,
    }),
    "lti.put_data": ({ key, value }, origin) => {
      if (!key) throw "bad_request";
      const own = Object.keys(localStorage).filter((each) => each.startsWith(stored(origin)));
      const length = own.reduce((sum, each) => sum + localStorage[each].length, 0);
      if (value === null || value === undefined) localStorage.removeItem(stored(origin) + key);
      else if (own.length >= LIMIT_KEYS || length + value.length > LIMIT_CHARACTERS) throw "storage_exhaustion";
      else localStorage.setItem(stored(origin) + key, value);
      return { key, value };
    },
    "lti.get_data": ({ key }, origin) => ({ key, value: localStorage.getItem(stored(origin) + key) }),
  };
  addEventListener("message", (event) => {
    let data = event.data;
    try { if (typeof data === "string") data = JSON.parse(data); } catch { return; }
    if (!data || typeof data.subject !== "string" || data.subject.endsWith(".response")) return;
    // A message that the hidden frame passes on names the tool's origin.
    const origin = data.forwardedFrom || event.origin;
    const inTool = event.source === frame.contentWindow || data.forwardedFrom;
    const answer = { subject: `${data.subject}.response`, message_id: data.message_id };
    const act = Object.hasOwn(subjects, data.subject) ? subjects[data.subject] : null;
    try {
      if (!act) throw "unsupported_subject";
      if (!inTool) throw "unauthorized";
      Object.assign(answer, act(data, origin));
    } catch (code) {
      answer.error = { code: typeof code === "string" ? code : "error", message: String(code) };
    }
    event.source.postMessage(answer, event.origin);
  });
})();
