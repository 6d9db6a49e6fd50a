"""The Linux kernel as a backend."""

from backends.kernel.backend import KernelBackend

__all__ = ["KernelBackend"]
