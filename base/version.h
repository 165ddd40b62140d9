/* SPDX-License-Identifier: Apache-2.0 */
/* The Kubernetes version whose API this program serves, in one place. (ALLINONE_VERSION comes from the file VERSION.) */
#ifndef BASE_VERSION_H
#define BASE_VERSION_H

#define KUBERNETES_MAJOR   "1"
#define KUBERNETES_MINOR   "37"
#define KUBERNETES_VERSION "v1.37.2+allinone" /* gitVersion, a node's kubeletVersion */

#endif
