"""The expense audit with the official Python SDK, unmodified: `audit_client.py create|stream|runner|async AUDIT_FILE`.

The base URL and the key come from the environment, as the SDK reads them. The answer goes to standard output.
"""

import asyncio
import json
import sys

import anthropic

mode, audit_file = sys.argv[1:]
with open(audit_file, encoding="utf-8") as file:
    audit = json.load(file)

request = {"model": audit["model"], "max_tokens": 4000, "tools": audit["tools"]}


def answer_call(name, value):
    return audit["answers"][f"{name} {json.dumps(value, separators=(',', ':'))}"]


def result_of(block):
    assert block.caller.type == "code_execution_20260120", block
    return {"type": "tool_result", "tool_use_id": block.id, "content": answer_call(block.name, block.input)}


class Conversation:
    """The tool loop that the documentation of the Claude API teaches."""

    def __init__(self):
        self.messages = [{"role": "user", "content": audit["question"]}]
        self.container = {}

    def next_request(self):
        return {**request, **self.container, "messages": self.messages}

    def take(self, message):
        """The final text, or None when the tools have to be called."""
        if message.container is not None:
            self.container = {"container": message.container.id}
        self.messages.append({"role": "assistant", "content": message.content})
        if message.stop_reason != "tool_use":
            return text_of(message)
        results = [result_of(block) for block in message.content if block.type == "tool_use"]
        self.messages.append({"role": "user", "content": results})
        return None


def text_of(message):
    return "\n".join(block.text for block in message.content if block.type == "text")


def persist(send):
    """Sends once more what was lost after the SDK's own tries, as a program around it would."""
    try:
        return send()
    except anthropic.APIStatusError:
        raise
    except Exception:
        return send()


def run_create(client):
    conversation, text = Conversation(), None
    while text is None:
        text = conversation.take(persist(lambda: client.messages.create(**conversation.next_request())))
    return text


def run_stream(client):
    def send():
        with client.messages.stream(**conversation.next_request()) as stream:
            return stream.get_final_message()

    conversation, text = Conversation(), None
    while text is None:
        text = conversation.take(persist(send))
    return text


async def run_async():
    conversation, text = Conversation(), None
    async with anthropic.AsyncAnthropic() as client:
        while text is None:
            text = conversation.take(await client.messages.create(**conversation.next_request()))
    return text


def run_runner(client):
    def to_function(tool):
        def call(**value):
            return answer_call(tool["name"], value)

        return anthropic.beta_tool(
            call,
            name=tool["name"],
            description=tool["description"],
            input_schema=tool["input_schema"],
            allowed_callers=tool["allowed_callers"],
        )

    code, *tools = audit["tools"]
    runner = client.beta.messages.tool_runner(
        model=audit["model"],
        max_tokens=4000,
        tools=[code, *[to_function(tool) for tool in tools]],
        messages=[{"role": "user", "content": audit["question"]}],
    )
    return text_of(runner.until_done())


RUNS = {"create": run_create, "stream": run_stream, "runner": run_runner}
if mode == "async":
    print(asyncio.run(run_async()))
else:
    print(RUNS[mode](anthropic.Anthropic()))
