#!/usr/bin/env node
// Answers a subscription in the server's place: the server never sees it.
//
//     wsproxy localhost:9999 --hook 'from:client json:.type=subscribe' 'node examples/hooks/answer_subscribe.mjs'
import { createInterface } from 'node:readline';

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  const { session, frame } = message;
  const asked = JSON.parse(message.inflated ?? message.text);
  const answer = JSON.stringify({ type: 'subscribed', channel: asked.channel, by: 'wsproxy' });
  console.log(JSON.stringify({ do: 'inject', session, frame, to: 'client', text: answer, then: 'drop' }));
}
