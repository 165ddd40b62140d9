# Hints of EndpointSlices: zones by their CPU, traffic distributions, and back.
pod() {
	kubectl create -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: $1, labels: {app: web}}
spec: {nodeName: $2, containers: [{name: c, image: "img:1", ports: [{containerPort: 80}]}]}
YAML
}
pod a n0
pod b n0
pod c n1
pod d n1
kubectl create -f - <<YAML
apiVersion: v1
kind: Service
metadata: {name: auto, annotations: {service.kubernetes.io/topology-mode: Auto}}
spec: {selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: node}
spec: {selector: {app: web}, ports: [{port: 80}], trafficDistribution: PreferSameNode}
---
apiVersion: v1
kind: Service
metadata: {name: zone}
spec: {selector: {app: web}, ports: [{port: 80}], trafficDistribution: PreferSameZone}
YAML
# settle
kubectl annotate service auto service.kubernetes.io/topology-mode-
kubectl patch service zone -p '{"spec":{"trafficDistribution":null}}'
# settle
