# A ReplicationController: scaled, its pods taken from it and given to it, deleted without them. A Deployment that takes over a ReplicaSet.
kubectl apply -f - <<YAML
apiVersion: v1
kind: ReplicationController
metadata: {name: old}
spec:
  replicas: 3
  selector: {app: old}
  template:
    metadata: {labels: {app: old}}
    spec: {containers: [{name: c, image: "img:1"}]}
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: web-rs}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: "img:1"}]}
YAML
# settle
kubectl scale rc old --replicas=1
kubectl create deployment web --image=img:1 --replicas=2
# settle
kubectl delete rc old --cascade=orphan
kubectl set image deployment/web '*=img:2'
# settle
kubectl delete deployment web
# settle 4
