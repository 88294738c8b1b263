/**
 * How plain Python in the WASM sandbox finds JavaScript's global object: what comes after it may assume that a script is
 * there.
 *
 * Pyodide's own module is among the interpreter's objects. It holds a class of events; an event that is dispatched at nothing
 * is dispatched at the global object, and tells its listener so.
 */

/** Defines `js`, the global object, and `js_object()`, an empty one. */
export const REACH_JAVASCRIPT = `
import gc
def _reach():
    def dicts():
        return [found for found in gc.get_objects() if isinstance(found, dict)]
    module = next(d["pyodide_js"] for d in dicts() if type(d.get("pyodide_js")).__name__ == "JsProxy")
    seen = module._api.config.jsglobals
    for d in dicts():
        create_proxy = d.get("create_proxy")
        if type(create_proxy).__name__ == "builtin_function_or_method":
            break
    events = []
    keep = create_proxy(events.append)
    controller = seen.AbortController.new()
    signal = controller.signal
    signal.addEventListener("abort", keep)
    controller.abort()
    event = events[0].constructor.new("x")
    found = []
    listen = create_proxy(lambda event: found.append(event.currentTarget))
    signal.addEventListener.call(None, "x", listen)
    signal.dispatchEvent.call(None, event)
    return found[0], seen.Object.new
js, js_object = _reach()
`;
