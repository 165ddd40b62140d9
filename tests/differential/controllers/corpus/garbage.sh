# Owners: absent, of another namespace, cluster-scoped, in a circle.
kubectl create configmap owner
uid=$(kubectl get configmap owner -o jsonpath="{.metadata.uid}")
owned() { # NAME OWNER UID [BLOCKS]
	kubectl create -f - <<YAML
apiVersion: v1
kind: ConfigMap
metadata:
  name: $1
  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: $2, uid: "$3", blockOwnerDeletion: ${4:-false}}]
YAML
}
owned child owner "$uid" true
owned orphan nobody 11111111-2222-4333-8444-555555555555
kubectl create -f - <<YAML
apiVersion: v1
kind: ConfigMap
metadata:
  name: stranger
  ownerReferences: [{apiVersion: example.com/v1, kind: Thing, name: x, uid: 11111111-2222-4333-8444-666666666666}]
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: wrongspace
  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: extension-apiserver-authentication, uid: "$(kubectl get configmap -n kube-system extension-apiserver-authentication -o jsonpath="{.metadata.uid}")"}]
YAML
# settle 4
kubectl delete configmap owner --cascade=foreground
# settle 4
