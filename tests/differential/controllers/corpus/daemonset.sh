# On every node; updated with unavailability and with a surge, rolled back, restricted to some nodes.
kubectl apply -f - <<YAML
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {containers: [{name: c, image: "img:1"}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: surge}
spec:
  updateStrategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}
  selector: {matchLabels: {app: surge}}
  template:
    metadata: {labels: {app: surge}}
    spec: {containers: [{name: c, image: "img:1"}]}
YAML
# settle
kubectl set image daemonset/agent c=img:2
kubectl set image daemonset/surge c=img:2
# settle
kubectl rollout undo daemonset/agent
# settle
kubectl patch daemonset agent -p '{"spec":{"template":{"spec":{"nodeSelector":{"topology.kubernetes.io/zone":"z1"}}}}}'
# settle
kubectl delete daemonset agent surge
# settle
