# SPDX-License-Identifier: ISC
"""A virtual lab for dcaas: an edge router, customers' routers and a VPC's host, real kernels and real BIRD.

`python3 lab up` from the command line, `from lab.topology import Lab` from a test. Standard library only.
"""
