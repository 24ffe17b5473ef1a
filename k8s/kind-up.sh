#!/usr/bin/env bash
# A cluster on this machine, by kind, with all of it: builds the image, makes the secret, applies k8s/overlays/local, and says what to open.
# Run again, it brings what has changed. `kind delete cluster --name otp-labs` takes all of it away.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cluster=otp-labs
namespace=otp-labs
# The tag that the manifests have.
image=otp-labs:$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)

for tool in kind kubectl docker openssl; do
  if ! command -v "$tool" >/dev/null; then
    echo "$tool is needed and not on the PATH" >&2
    exit 1
  fi
done

if ! kind get clusters 2>/dev/null | grep -qx "$cluster"; then
  # Three workers in two zones, so that one sees how nodes spread.
  kind create cluster --name "$cluster" --config - <<'KIND'
kind: Cluster
apiVersion: kind.x-k8s.io/v1alpha4
nodes:
  - role: control-plane
  - role: worker
    labels: { topology.kubernetes.io/zone: zone-a }
  - role: worker
    labels: { topology.kubernetes.io/zone: zone-a }
  - role: worker
    labels: { topology.kubernetes.io/zone: zone-b }
KIND
fi
context=kind-$cluster
kubectl() { command kubectl --context "$context" "$@"; }

revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
docker build --tag "$image" --build-arg VERSION="${image#*:}" --build-arg REVISION="$revision" .
kind load docker-image --name "$cluster" "$image"

kubectl apply --server-side --filename k8s/base/namespace.yaml
# Made once, on this machine, and kept nowhere else.
made_once() {
  kubectl --namespace "$namespace" get secret "$1" >/dev/null 2>&1 || kubectl --namespace "$namespace" create secret generic "$1" --from-literal="$2=$(openssl rand -base64 32)"
}
made_once otp-secret cluster-secret
made_once otp-observer token

# On the server's side: boards are larger than what the client's side can remember.
# Whatever was changed by hand meanwhile, such as an image by `kubectl set image`, is set back.
kubectl apply --server-side --force-conflicts --kustomize k8s/overlays/local
kubectl --namespace "$namespace" rollout status statefulset/otp --timeout=5m
for deployment in $(kubectl --namespace "$namespace" get deployments --output name); do
  kubectl --namespace "$namespace" rollout status "$deployment" --timeout=5m
done

cat <<TEXT

It runs. Open, each in a terminal of its own:
  kubectl --context $context -n $namespace port-forward svc/grafana 3000      http://127.0.0.1:3000
  kubectl --context $context -n $namespace port-forward svc/prometheus 9090   http://127.0.0.1:9090
  kubectl --context $context -n $namespace port-forward pod/otp-0 4000        http://127.0.0.1:4000/observer
The observer asks for a token:
  kubectl --context $context -n $namespace get secret otp-observer -o jsonpath='{.data.token}' | base64 -d
TEXT
