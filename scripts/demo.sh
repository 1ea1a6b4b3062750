#!/usr/bin/env bash
# A day of synthesized traffic and a real capture, each replayed into a report under demo/.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p demo
# A store keeps what it was told: begin with none.
rm -rf demo/store

wirelat() {
  cargo run --quiet --locked --release -- "$@"
}
# The sentence below "Objective:" in a report's text.
summary() {
  sed -n '/^Objective:/,/^  Met by/p' "$1" | sed -n '2,/^  Met by/p' | sed '/^  Met by/,$d; s/^ */  /'
}

echo
echo 'Synthesizing a day: 300,000 requests, incidents at 05:00, 11:20 and 17:45'
wirelat synth --profile day --transactions 300000 --output demo/day.pcap
echo 'Replaying it'
wirelat replay demo/day.pcap --title 'A synthesized day' --objective 1.5s --objective 200ms --target 99.9 \
  --store demo/store --report demo/report.html >demo/report.txt
wirelat report heatmap --store demo/store --title 'A synthesized day' --objective 1.5s --output demo/heatmap.png
echo 'Replaying a capture of nginx and curl'
wirelat replay fixtures/http/keepalive/capture.pcap --title 'curl, keep-alive, nginx' --objective 100ms \
  --report demo/fixture.html >demo/fixture.txt

echo
echo "The day:      $PWD/demo/report.html"
summary demo/report.txt
echo "Its heatmap:  $PWD/demo/heatmap.png"
echo "The capture:  $PWD/demo/fixture.html"
summary demo/fixture.txt
echo "As text:      demo/report.txt, demo/fixture.txt"
echo "Kept to try:  demo/day.pcap ($(du -h demo/day.pcap | cut -f1)); \`make clean-demo\` removes all of demo/"
