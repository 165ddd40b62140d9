# ReplicaSets and ReplicationControllers: adoption, release, scaling, orphans.
kubectl apply -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: stray, labels: {app: rs}}
spec: {containers: [{name: c, image: "img:1"}]}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: rs}
spec:
  replicas: 3
  selector: {matchLabels: {app: rs}}
  template:
    metadata: {labels: {app: rs}}
    spec: {containers: [{name: c, image: "img:1"}]}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: rc}
spec:
  replicas: 2
  selector: {app: rc}
  template:
    metadata: {labels: {app: rc}}
    spec: {containers: [{name: c, image: "img:1"}]}
YAML
# settle
kubectl label pod stray app=other --overwrite
# settle
kubectl scale rs rs --replicas=1
kubectl scale rc rc --replicas=3
# settle
kubectl delete rs rs --cascade=foreground
kubectl delete rc rc --cascade=orphan
# settle
