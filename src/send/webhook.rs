//! Requests to a webhook.
//!
//! - Slack: `{"text": …}`, <https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks>;
//!   in it `&`, `<` and `>` are written as entities. About one message a second is let through
//!   (<https://docs.slack.dev/apis/web-api/rate-limits>), so one message has many events.
//! - Teams: an Adaptive Card in a message,
//!   <https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/connectors-using>.
//! - Any other: `{"batch": …, "events": […]}`; the batch stands in `Idempotency-Key` as well
//!   (draft-ietf-httpapi-idempotency-key-header).

use super::event::Outgoing;
use super::post::Post;
use super::receiver::Receiver;
use super::{Format, Trouble, fields};
use crate::text::Count;
use serde_json::{Value, json};

/// More events are not listed in a message for people.
const LISTED: usize = 20;

/// A server that takes posts.
pub(super) struct Webhook {
    pub(super) post: Post,
    pub(super) format: Format,
}

impl Receiver for Webhook {
    fn at_once(&self) -> usize {
        match self.format {
            Format::Slack | Format::Teams => LISTED,
            Format::Plain | Format::Ecs | Format::Ocsf => 100,
        }
    }

    fn take(&mut self, events: &[Outgoing]) -> Result<u64, Trouble> {
        let key = batch(events);
        let key = format!("\"{key}\"");
        let body = body(events, self.format).to_string().into_bytes();
        self.post.send(body, &[("idempotency-key", &key)]).map(|_| 0)
    }
}

/// A name of these very events in this order.
fn batch(events: &[Outgoing]) -> String {
    let id = |event: Option<&Outgoing>| event.map(|event| event.id.clone()).unwrap_or_default();
    format!("{}.{}", id(events.first()), id(events.last()))
}

pub(super) fn body(events: &[Outgoing], format: Format) -> Value {
    let title = format!("leakcoach: {}", Count(events.len(), "event"));
    let lines = || events.iter().map(|event| format!("{} {}", event.time(), event.sentence()));
    match format {
        Format::Slack => {
            let lines: Vec<String> =
                lines().map(|line| format!("\n\u{2022} {}", entities(&line))).collect();
            json!({ "text": format!("{title}{}", lines.concat()) })
        }
        Format::Teams => {
            let block = |text: String| json!({ "type": "TextBlock", "text": text, "wrap": true });
            let mut blocks = vec![json!({
                "type": "TextBlock", "text": title, "wrap": true, "weight": "Bolder",
            })];
            blocks.extend(lines().map(|line| block(unmarked(&line))));
            json!({ "type": "message", "attachments": [{
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": null,
                "content": {
                    "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                    "type": "AdaptiveCard",
                    "version": "1.2",
                    "body": blocks,
                },
            }] })
        }
        Format::Plain | Format::Ecs | Format::Ocsf => {
            let all: Vec<Value> = events.iter().map(|event| fields::of(event, format)).collect();
            json!({ "batch": batch(events), "events": all })
        }
    }
}

fn entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text in which Markdown finds no link and no picture.
fn unmarked(text: &str) -> String {
    text.replace(['[', ']', '(', ')', '`'], " ")
}

#[cfg(test)]
mod tests {
    use super::body;
    use crate::record::{Deed, What};
    use crate::send::event::tests::{outgoing, shown, sink};
    use crate::send::{Class, Format};

    #[test]
    fn a_message_for_people_has_a_line_an_event_and_no_markup_of_others() {
        let confidential = sink(Class::Confidential);
        let rule = "<!channel>[x](https://x.example)".to_owned();
        let other = outgoing(What::Digest { deed: Deed::Push, rule, count: 2 }, &confidential);
        let events = [outgoing(shown(), &confidential).unwrap(), other.unwrap()];

        let slack = body(&events, Format::Slack);
        let text = slack["text"].as_str().unwrap();
        assert!(text.starts_with("leakcoach: 2 events\n\u{2022} 2025-11-21T19:00:00Z shown: "));
        assert!(!text.contains("<!channel>") && text.contains("&lt;!channel&gt;"), "{text}");

        let teams = body(&events, Format::Teams);
        let card = &teams["attachments"][0];
        assert_eq!(card["contentType"], "application/vnd.microsoft.card.adaptive");
        assert_eq!(card["content"]["body"].as_array().unwrap().len(), 3);
        assert!(!teams.to_string().contains("](http"));
    }

    #[test]
    fn a_batch_has_the_same_name_each_time() {
        let event = outgoing(shown(), &sink(Class::Internal)).unwrap();
        let body = body(&[event.clone(), event], Format::Plain);
        let id = "00c0ffee00c0ffee-12-1a2b3c4d";
        assert_eq!(body["batch"], format!("{id}.{id}"));
        assert_eq!(body["events"].as_array().unwrap().len(), 2);
    }
}
