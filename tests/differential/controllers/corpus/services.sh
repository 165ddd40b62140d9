# Services of several kinds, hand-made endpoints, names of ports that differ per pod.
kubectl apply -f - <<YAML
apiVersion: v1
kind: Pod
metadata: {name: a, labels: {app: x}}
spec: {hostname: a, subdomain: headless, containers: [{name: c, image: "img:1", ports: [{name: p, containerPort: 80}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: b, labels: {app: x}}
spec: {containers: [{name: c, image: "img:1", ports: [{name: p, containerPort: 81}]}]}
---
apiVersion: v1
kind: Pod
metadata: {name: unready, labels: {app: x}, annotations: {fake/ready: "false"}}
spec: {containers: [{name: c, image: "img:1", ports: [{name: p, containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: named, labels: {l: v}}
spec: {selector: {app: x}, ports: [{name: one, port: 80, targetPort: p}, {name: two, port: 90, targetPort: 9}]}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, publishNotReadyAddresses: true, selector: {app: x}}
---
apiVersion: v1
kind: Service
metadata: {name: byhand}
spec: {ports: [{name: h, port: 80}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: byhand}
subsets: [{addresses: [{ip: 198.51.100.1}], notReadyAddresses: [{ip: 198.51.100.2}], ports: [{name: h, port: 8080}]}]
---
apiVersion: v1
kind: Service
metadata: {name: near}
spec: {trafficDistribution: PreferClose, selector: {app: x}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: empty}
spec: {selector: {app: none}, ports: [{port: 80}]}
YAML
# settle
kubectl delete pod a --wait=false
kubectl patch endpoints byhand --type merge -p '{"subsets":[{"addresses":[{"ip":"198.51.100.3"}],"ports":[{"name":"h","port":8081}]}]}'
# settle
kubectl delete service named byhand
# settle
