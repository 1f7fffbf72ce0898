// SPDX-License-Identifier: Apache-2.0
// Virtual lines of the demo on ptys.
#include "host/demo_site.hpp"

#include <fmt/format.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>

#include "host/sim_loop.hpp"
#include "sim/simulator.hpp"

namespace bmsgate::host {

struct DemoSite::Impl {
  core::UtcMs now_utc_ms;
  std::vector<Line> lines;
  std::vector<std::unique_ptr<sim::Simulator>> simulators;
  std::string folder;
  SimLoop loop;
  std::thread thread;
};

DemoSite::DemoSite(unsigned packs, core::UtcMs now_utc_ms) : impl_{std::make_unique<Impl>()} {
  impl_->now_utc_ms = now_utc_ms;
  for (auto& line : sim::demo_lines(packs)) impl_->lines.push_back({std::move(line), {}});
}

DemoSite::~DemoSite() {
  if (impl_->thread.joinable()) {
    impl_->loop.stop();
    impl_->thread.join();
  }
  std::error_code ignored;
  if (!impl_->folder.empty()) std::filesystem::remove_all(impl_->folder, ignored);
}

std::string DemoSite::start() {
  auto folder = (std::filesystem::temp_directory_path() / "bmsgate-demo-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return fmt::format("cannot make a folder for the demo's lines: {}", std::strerror(errno));
  impl_->folder = folder;
  for (auto& line : impl_->lines) {
    const auto path = fmt::format("{}/{}", folder, line.what.bus);
    impl_->simulators.push_back(sim::make_demo_simulator(line.what, impl_->now_utc_ms));
    if (auto problem = impl_->loop.add("pty:" + path, as_peer(*impl_->simulators.back())); !problem.empty()) return problem;
    line.link = "serial:" + path;
  }
  impl_->thread = std::thread{[this] { static_cast<void>(impl_->loop.run()); }};
  return {};
}

const std::vector<DemoSite::Line>& DemoSite::lines() const noexcept { return impl_->lines; }

}  // namespace bmsgate::host
