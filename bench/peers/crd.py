"""The PyTorch peer of crdLoss: value and gradient of CRD in its gather form, on one thread.

Needs Debian's python3-torch and libopenblas0-pthread; run with /usr/bin/python3. Prints one JSON line
with the median of seven runs. The sizes are those of the RepDistiller collection on CIFAR-100.
"""

import json
import statistics
import time

import torch

BATCH, NEGATIVES, SIZE, DIM = 64, 16384, 50000, 128
TEMPERATURE, EPSILON = 0.07, 1e-7


def one_side(embedding, bank, rows, normalizer):
    picked = bank.index_select(0, rows.view(-1)).view(BATCH, NEGATIVES + 1, DIM)
    scores = torch.bmm(picked, embedding.unsqueeze(2)).squeeze(2)
    p = torch.exp(scores / TEMPERATURE) / normalizer
    noise = NEGATIVES / SIZE
    positive = torch.log(p[:, 0] / (p[:, 0] + noise + EPSILON))
    negative = torch.log(noise / (p[:, 1:] + noise + EPSILON))
    return -(positive.sum() + negative.sum()) / BATCH


def main():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    bound = (3 / DIM) ** 0.5
    teacher_bank, student_bank = ((torch.rand(SIZE, DIM) * 2 - 1) * bound for _ in range(2))
    teacher, student = (
        torch.nn.functional.normalize(torch.randn(BATCH, DIM)).requires_grad_() for _ in range(2)
    )
    rows = torch.randint(SIZE, (BATCH, NEGATIVES + 1))

    times = []
    for _ in range(8):
        start = time.perf_counter()
        loss = one_side(student, teacher_bank, rows, SIZE) + one_side(teacher, student_bank, rows, SIZE)
        torch.autograd.grad(loss, (teacher, student))
        times.append(1000 * (time.perf_counter() - start))
    print(json.dumps({"name": "PyTorch, gather form", "ms": round(statistics.median(times[1:]), 1)}))


if __name__ == "__main__":
    main()
