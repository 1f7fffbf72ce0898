// SPDX-License-Identifier: Apache-2.0
// Newest state per topic, oldest event first, never more than so many.
#include "outputs/mqtt_queue.hpp"

#include <algorithm>
#include <utility>

namespace bmsgate::outputs {

void MqttQueue::push(MqttMessage message, bool connected) {
  const bool event = message.kind == MqttKind::kEvent;
  if (!event) {
    if (!connected) {
      ++dropped_;
      return;
    }
    const auto same =
        std::ranges::find_if(messages_, [&](const MqttMessage& have) { return have.kind == message.kind && have.topic == message.topic; });
    if (same != messages_.end()) {
      same->payload = std::move(message.payload);
      ++dropped_;
      return;
    }
  }
  if (event && events_ == kMaxEvents) static_cast<void>(drop_oldest(true));
  if (messages_.size() == kMaxMessages && !drop_oldest(false)) static_cast<void>(drop_oldest(true));
  if (event) ++events_;
  messages_.push_back(std::move(message));
}

void MqttQueue::push_front(MqttMessage message) {
  if (message.kind != MqttKind::kEvent || events_ == kMaxEvents) {
    ++dropped_;
    return;
  }
  ++events_;
  messages_.push_front(std::move(message));
}

std::optional<MqttMessage> MqttQueue::pop() {
  if (messages_.empty()) return std::nullopt;
  auto message = std::move(messages_.front());
  messages_.pop_front();
  if (message.kind == MqttKind::kEvent) --events_;
  return message;
}

void MqttQueue::drop_states() {
  dropped_ += std::erase_if(messages_, [](const MqttMessage& message) { return message.kind != MqttKind::kEvent; });
}

bool MqttQueue::drop_oldest(bool events) {
  const auto oldest =
      std::ranges::find_if(messages_, [&](const MqttMessage& message) { return (message.kind == MqttKind::kEvent) == events; });
  if (oldest == messages_.end()) return false;
  messages_.erase(oldest);
  if (events) --events_;
  ++dropped_;
  return true;
}

}  // namespace bmsgate::outputs
